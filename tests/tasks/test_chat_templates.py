"""Chat templates that are unlike Qwen's: none at all, and one that refuses a system role."""

import pytest
from fakes import FakeTokenizer

from extractor.errors import UserError
from extractor.tasks.chat import Chat

MESSAGES = [{"role": "system", "content": "Rules."}, {"role": "user", "content": "Text."}]


class NoSystem(FakeTokenizer):
    def apply_chat_template(self, messages, enable_thinking=True, **asked):
        if messages[0]["role"] == "system":
            raise ValueError("System role not supported")
        return super().apply_chat_template(messages, enable_thinking, **asked)


class NoTemplate(FakeTokenizer):
    def apply_chat_template(self, messages, enable_thinking=True, **asked):
        raise ValueError("Cannot use chat template functions because tokenizer.chat_template is not set")


def test_a_system_message_goes_to_the_user_where_the_template_knows_no_system():
    rendered = Chat(NoSystem("never")).render(MESSAGES, "no_think")
    assert rendered == "<|im_start|>user\nRules.\n\nText.<|im_end|>\n<|im_start|>assistant\n"


def test_a_model_without_a_chat_template_is_refused_with_the_cure():
    with pytest.raises(UserError, match="take an instruct or chat version"):
        Chat(NoTemplate())
