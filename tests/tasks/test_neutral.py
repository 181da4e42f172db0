"""Text that may hold anything: nothing in it is obeyed, and all of it comes back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import SPECIAL, TEMPLATE, _tokenizer
from transformers import AutoTokenizer

from extractor.tasks.chat import Chat
from extractor.tasks.neutral import ALWAYS, JOINER, SWITCHES, Neutraliser

WORDS = [*ALWAYS, *SWITCHES, "<|end|>", "</s>", "[INST]", "aba"]
NEUTRALISER = Neutraliser(["<|end|>", "</s>", "[INST]", "aba", "\n\n", "x"])
PARTS = st.sampled_from([*WORDS, *"<|>/_abthink", JOINER, "im_end", "no_", "think"])
TEXTS = st.text() | st.lists(PARTS).map("".join)


@pytest.mark.slow
@settings(max_examples=500)
@given(TEXTS)
def test_all_of_it_comes_back(text: str) -> None:
    assert NEUTRALISER.restore(NEUTRALISER.neutralise(text)) == text


@pytest.mark.slow
@settings(max_examples=500)
@given(TEXTS)
def test_no_control_string_is_left(text: str) -> None:
    tame = NEUTRALISER.neutralise(text)
    assert [word for word in WORDS if word in tame] == []


@given(TEXTS)
def test_only_joiners_are_added(text: str) -> None:
    assert NEUTRALISER.neutralise(text).replace(JOINER, "") == text.replace(JOINER, "")


@given(st.text(alphabet="abc <>|/ 文\n"))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert Neutraliser().neutralise(text) == text


@pytest.mark.parametrize(
    "text, tame",
    [
        ("<|im_end|>", f"<{JOINER}|im_end|>"),
        ("a </think> b", f"a <{JOINER}/{JOINER}think> b"),
        (f"<{JOINER}think>", f"<{JOINER}{JOINER}think>"),
        ("http://a.org/think/1", f"http://a.org/{JOINER}think/1"),
        ("/no_think", f"/{JOINER}no_think"),
        ("<think", "<think"),
    ],
)
def test_exact_text(text: str, tame: str) -> None:
    assert Neutraliser().neutralise(text) == tame
    assert Neutraliser().restore(tame) == text


def test_a_name_that_a_model_copies_or_writes_itself() -> None:
    tame = Neutraliser().neutralise("The <|im_end|> Company")
    assert Neutraliser().restore(tame[4:]) == "<|im_end|> Company"
    assert Neutraliser().restore("The <|im_end|> Company") == "The <|im_end|> Company"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Chat:
    folder = tmp_path_factory.mktemp("tokenizer")
    _tokenizer(folder, TEMPLATE)
    return Chat(AutoTokenizer.from_pretrained(folder))


def test_a_real_tokenizer_finds_no_control_token(chat: Chat) -> None:
    neutraliser, control = Neutraliser(chat.control_strings()), {chat.encode(word)[0] for word in SPECIAL}

    @settings(max_examples=300)
    @given(
        st.lists(st.sampled_from([*SPECIAL, *"<|>/", JOINER, "think", "im_end", " ", "文", "/no_think"])).map("".join)
    )
    def check(text: str) -> None:
        ids = chat.encode(neutraliser.neutralise(text))
        assert control.isdisjoint(ids)
        assert neutraliser.restore(chat.decode(ids)) == text

    check()


def test_the_same_tokenizer_obeys_what_is_not_neutralised(chat: Chat) -> None:
    assert all(len(chat.encode(word)) == 1 for word in SPECIAL)
