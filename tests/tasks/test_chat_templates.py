"""Chat templates of every form: each is asked so that nothing is lost, and its thought is switched and opened."""

from typing import Any

import pytest
import templates as shape
from tiny import _tokenizer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from extractor.errors import UserError
from extractor.tasks.chat import Chat
from extractor.tasks.thinking import check_mode

MESSAGES = [
    {"role": "system", "content": "Rules."},
    {"role": "user", "content": "First."},
    {"role": "assistant", "content": '{"a": 1}'},
    {"role": "user", "content": "Text."},
]
START = "<|im_start|>assistant\n"
SHUT = "<think>\n\n</think>\n\n"
# template → kind, where a prompt with thought ends, and one without
FOUND = {
    "PLAIN": ("never", f"{START}<think>\n", START),
    "QWEN3": ("hybrid", f"{START}<think>\n", START + SHUT),
    "QWEN3_INSTRUCT_2507": ("never", f"{START}<think>\n", START),
    "QWEN3_THINKING_2507": ("always", f"{START}<think>\n", f"{START}<think>\n"),
    "QWEN3_5": ("hybrid", f"{START}<think>\n", START + SHUT),
    "QWEN3_5_SMALL": ("hybrid", f"{START}<think>\n", START + SHUT),
    "GLM_4_5": ("hybrid", "Text.<|assistant|>\n<think>", "Text./nothink<|assistant|>\n<think></think>"),
    "DEEPSEEK_V3_1": ("hybrid", "<|Assistant|><think>", "<|Assistant|></think>"),
    "KIMI_K2_5": ("hybrid", f"{START}<think>", f"{START}<think></think>"),
    "R1_0528": ("hybrid", "<|Assistant|><think>\n", "<|Assistant|>"),
    "SMOLLM3": ("hybrid", f"{START}<think>\n", f"{START}<think>\n\n</think>\n"),
    "GRANITE_3_3": ("hybrid", f"{START}<think>\n", START),
    "PARTS_ONLY": ("never", f"{START}<think>\n", START),
    "SYSTEM_REFUSED": ("never", f"{START}<think>\n", START),
    "SYSTEM_DROPPED": ("never", f"{START}<think>\n", START),
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tokenizer")
    _tokenizer(folder, shape.PLAIN)
    return AutoTokenizer.from_pretrained(folder)


def chat_of(tokenizer: Any, template: str | None) -> Chat:
    tokenizer.chat_template = template
    return Chat(tokenizer)


@pytest.mark.parametrize("name", FOUND)
def test_thinking_is_found_by_trying_and_nothing_is_lost(tokenizer: Any, name: str) -> None:
    kind, with_thought, without = FOUND[name]
    chat = chat_of(tokenizer, getattr(shape, name))
    assert chat.kind == kind
    for mode, ending in (("think", with_thought), ("no_think", without)):
        text = chat.render(MESSAGES, mode)  # type: ignore[arg-type]
        assert text.endswith(ending)
        assert [text.count(message["content"]) for message in MESSAGES] == [1, 1, 1, 1]
        frame = chat.frame(MESSAGES[:3], mode)  # type: ignore[arg-type]
        assert frame and chat.encode_in(frame, "Text.") == chat.encode(text)


def test_where_a_switch_works_without_a_system_message_alone_the_rules_go_to_the_user(tokenizer: Any) -> None:
    chat = chat_of(tokenizer, shape.GRANITE_3_3)
    assert "between <think></think>" in chat.render(MESSAGES, "think")
    assert "user\nRules.\n\nFirst." in chat.render(MESSAGES, "think")
    assert "system\nRules.<|im_end|>" in chat.render(MESSAGES, "no_think")


@pytest.mark.parametrize("name", ["SYSTEM_REFUSED", "SYSTEM_DROPPED"])
def test_a_system_message_goes_to_the_user_where_the_template_knows_no_system(tokenizer: Any, name: str) -> None:
    rendered = chat_of(tokenizer, getattr(shape, name)).render([MESSAGES[0], MESSAGES[3]], "no_think")
    assert rendered == f"<|im_start|>user\nRules.\n\nText.<|im_end|>\n{START}"


def test_a_prompt_that_holds_the_mark_itself_has_no_frame(tokenizer: Any) -> None:
    chat = chat_of(tokenizer, shape.PLAIN)
    before = [{"role": "system", "content": "Write \u2042document\u2042 for none."}]
    assert chat.frame(before, "no_think") is None


@pytest.mark.parametrize("template", [None, "{{ raise_exception('never') }}"])
def test_a_model_without_a_chat_template_is_refused_with_the_cure(tokenizer: Any, template: str | None) -> None:
    with pytest.raises(UserError, match="take an instruct or chat version"):
        chat_of(tokenizer, template)


@pytest.mark.parametrize("name", ["ANSWER_DROPPED", "DOUBLED", "FIRST_ALONE"])
def test_a_template_that_loses_or_doubles_messages_is_refused(tokenizer: Any, name: str) -> None:
    with pytest.raises(UserError, match="loses or doubles messages") as caught:
        chat_of(tokenizer, getattr(shape, name))
    assert "\n" not in str(caught.value)


def test_a_mode_is_refused_for_the_true_reason(tokenizer: Any) -> None:
    bare = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel({"a": 0, "?": 1}, unk_token="?")))
    for known, template, said in (
        (tokenizer, shape.PLAIN, "M has no thinking of its own"),
        (bare, shape.GRANITE_3_2, "M thinks, but not between <think> and </think>"),
    ):
        with pytest.raises(UserError, match=said):
            check_mode("M", chat_of(known, template), "think", prompted=False)
