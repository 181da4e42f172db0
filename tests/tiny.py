"""A tiny hybrid-thinking Qwen3 that the tests make themselves: a bigram script inside the real architecture.

Attention and MLP put out zero, so the logits depend on the last token alone, and lm_head holds P(next | last):
after the newline that follows `<think>` it goes round in a cycle of words, left for `</think>` by one of the last
words in eleven of twelve rounds (greedy decoding never leaves it, since to stay is the likeliest single step); after
the blank line that follows `</think>` it answers, and under a JSON grammar it closes strings and lists quickly.
Attention and MLP are real code that runs; only their weights are zero.
"""

import itertools
import json
import math
from pathlib import Path

CYCLE = ["Okay", "so", "let", "me", "see", "what", "the", "text", "says", "about", "this", "record"]
LAST = ("So", "Well", "Right", "Done", "Yes", "Good", "Fine", "Sure", "Now", "Then", "Next", "Here")
STAY = 0.085  # more than each of the others; five in a row, until vLLM takes it for a loop, in one of 200,000 thoughts
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
ALWAYS = TEMPLATE.replace(
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}", "<think>\n"
)
NEVER = TEMPLATE.replace(
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}", ""
)
CONTEXT, WIDTH = 16384, 64


def make_tiny(folder: Path, template: str = TEMPLATE) -> Path:
    """Writes the model to `folder` (about 1 MB) and gives it back; vLLM and transformers load it."""
    from transformers import GenerationConfig, Qwen3ForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    words = _tokenizer(folder, template)
    model = Qwen3ForCausalLM(_config(len(words))).eval()
    _script(model, words)
    end = words["<|im_end|>"]
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=end, bos_token_id=end)
    model.save_pretrained(folder)
    return folder


def _tokenizer(folder: Path, template: str) -> dict[str, int]:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    corpus = [" ".join(CYCLE), *LAST, "user\n", "system\n", "assistant\n", "a\n\n", '"} "}] {"', "null true 1"] * 50
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet))
    tokenizer.add_tokens([AddedToken(word, special="think" not in word, normalized=False) for word in SPECIAL])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    fast.chat_template = template
    fast.save_pretrained(folder)
    vocabulary: dict[str, int] = fast.get_vocab()
    return vocabulary


def _config(size: int):
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=size,
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
    )


def _script(model, words: dict[str, int]) -> None:
    import torch

    space, cycle = "Ġ", [words[CYCLE[0]], *(words["Ġ" + word] for word in CYCLE[1:])]
    last = [words[word] for word in LAST]
    follows = {words["Ċ"]: {cycle[0]: 0.999}, cycle[-1]: {cycle[0]: STAY} | dict.fromkeys(last, (1 - STAY) / len(last))}
    follows |= {word: {words["</think>"]: 0.999} for word in last}
    follows |= {here: {there: 0.999} for here, there in itertools.pairwise(cycle)}
    answer = {'"': 0.3, '"}': 0.1, "}": 0.1, "]": 0.1, "1": 0.05, ",": 0.02, "<|im_end|>": 0.3}
    default = {words[word]: share for word, share in answer.items() if word in words}
    size = len(words)
    embedding, head = torch.zeros(size, WIDTH), torch.zeros(size, WIDTH)
    embedding[:, 0] = 1.0
    for place, (token, nexts) in enumerate([(None, default), *follows.items()]):
        if token is not None:
            embedding[token] = torch.eye(WIDTH)[place]
        _put(head, place, nexts)
    for word, token in words.items():
        if word.strip(space + "Ċĉč") == "":  # blanks between values would go on for ever
            head[token, 0] = -40 / math.sqrt(WIDTH)
    with torch.no_grad():
        model.model.embed_tokens.weight.copy_(embedding)
        model.lm_head.weight.copy_(head)
        model.model.norm.weight.fill_(1.0)
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()


def _put(head, place: int, nexts: dict[int, float]) -> None:
    rest = max(1e-6, 1 - sum(nexts.values())) / head.shape[0]
    for token, share in nexts.items():
        head[token, place] = (math.log(share) - math.log(rest)) / math.sqrt(WIDTH)


if __name__ == "__main__":
    import sys

    print(json.dumps(str(make_tiny(Path(sys.argv[1])))))
