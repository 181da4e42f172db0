"""Chat templates after the shapes of public ones, each cut down to what differs: content, system, and thought."""

_ALL = "{% for m in messages %}"
_TURN = "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
_ASSISTANT = "<|im_start|>assistant\n"
_SHUT = "<think>\n\n</think>\n\n"
_WITHOUT_THOUGHT = (  # what those of thinking models do with an earlier answer
    "{% set text = m.content %}{% if m.role == 'assistant' and '</think>' in text %}"
    "{% set text = text.split('</think>')[-1].lstrip('\\n') %}{% endif %}"
    "<|im_start|>{{ m.role }}\n{{ text }}<|im_end|>\n"
)
# the versions of July 2025 and later drop in silence what is no text
_TEXT_ONLY = _WITHOUT_THOUGHT.replace("m.content %}", "(m.content if m.content is string else '') %}", 1)
_NOT_THINKING = "{% if enable_thinking is defined and enable_thinking is false %}"


def _asked(turns: str, ending: str, before: str = "") -> str:
    return f"{before}{_ALL}{turns}{{% endfor %}}{{% if add_generation_prompt %}}{ending}{{% endif %}}"


PLAIN = _asked(_TURN, _ASSISTANT)
QWEN3 = _asked(_WITHOUT_THOUGHT, _ASSISTANT + _NOT_THINKING + _SHUT + "{% endif %}")
QWEN3_INSTRUCT_2507 = _asked(_TEXT_ONLY.replace("'</think>' in text", "false"), _ASSISTANT)
QWEN3_THINKING_2507 = _asked(_TEXT_ONLY, _ASSISTANT + "<think>\n")

# Text or parts by a macro, a system message at the beginning alone, and the thought opened by the template
QWEN3_5 = """
{%- macro said(content) -%}
  {%- if content is string -%}{{ content }}
  {%- elif content is iterable and content is not mapping -%}
    {%- for part in content -%}{%- if 'text' in part -%}{{ part.text }}
      {%- else -%}{{ raise_exception('Unexpected item type in content.') }}{%- endif -%}{%- endfor -%}
  {%- else -%}{{ raise_exception('Unexpected content type.') }}{%- endif -%}
{%- endmacro -%}
{%- for m in messages -%}
  {%- if m.role == 'system' and not loop.first -%}{{ raise_exception('System message must be at the beginning.') }}
  {%- endif -%}
  {%- set text = said(m.content) | trim -%}
  {%- if m.role == 'assistant' -%}{%- set text = text.split('</think>')[-1] | trim -%}{%- endif -%}
  {{- '<|im_start|>' + m.role + '\n' + text + '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}
  {%- if enable_thinking is defined and enable_thinking is false -%}{{- '<think>\n\n</think>\n\n' -}}
  {%- else -%}{{- '<think>\n' -}}{%- endif -%}
{%- endif -%}"""
# The small ones of the same family think only when they are told to
QWEN3_5_SMALL = QWEN3_5.replace(
    "{%- if enable_thinking is defined and enable_thinking is false -%}",
    "{%- if not (enable_thinking is defined and enable_thinking is true) -%}",
)

# The switch is a word in the user's text too, and the model opens its thought on a line of its own
GLM_4_5 = """[gMASK]<sop>
{%- macro seen(content) -%}
  {%- if content is string -%}{{ content }}
  {%- else -%}{%- for part in content -%}{{ part.text }}{%- endfor -%}{%- endif -%}
{%- endmacro -%}
{%- for m in messages -%}
  {%- if m.role == 'assistant' -%}
    {{- '<|assistant|>\n<think></think>\n' + seen(m.content).split('</think>')[-1].strip() -}}
  {%- else -%}
    {{- '<|' + m.role + '|>\n' + seen(m.content) -}}
    {{- '/nothink' if m.role == 'user' and enable_thinking is defined and not enable_thinking else '' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>
  {{- '\n<think></think>' if enable_thinking is defined and not enable_thinking else '' -}}
{%- endif -%}"""

# Another word for the switch, no role for the system message, and nothing but a closing word where it is off
DEEPSEEK_V3_1 = """{%- if not thinking is defined -%}{%- set thinking = false -%}{%- endif -%}
{%- for m in messages -%}{%- if m['role'] == 'system' -%}{{ m['content'] }}{%- endif -%}{%- endfor -%}
{%- for m in messages -%}
  {%- if m['role'] == 'user' -%}{{ '<|User|>' + m['content'] }}{%- endif -%}
  {%- if m['role'] == 'assistant' -%}
    {{ '<|Assistant|></think>' + m['content'].split('</think>')[-1] + '<|end|>' }}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|Assistant|>' }}{{ '<think>' if thinking else '</think>' }}{%- endif -%}"""
KIMI_K2_5 = _asked(
    _WITHOUT_THOUGHT, _ASSISTANT + "{{ '<think></think>' if thinking is defined and not thinking else '<think>' }}"
)

# It knows thoughts, and neither opens one nor has a switch
R1_0528 = """{%- for m in messages -%}{%- if m['role'] == 'system' -%}{{ m['content'] }}{%- endif -%}{%- endfor -%}
{%- for m in messages -%}
  {%- set content = m['content'] -%}
  {%- if m['role'] == 'user' -%}{{ '<|User|>' + content }}{%- endif -%}
  {%- if m['role'] == 'assistant' -%}
    {%- if '</think>' in content -%}{%- set content = content.split('</think>')[-1] -%}{%- endif -%}
    {{ '<|Assistant|>' + content + '<|end|>' }}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|Assistant|>' }}{%- endif -%}"""

# The mode stands in a system message of its own making, which takes in ours
SMOLLM3 = """{%- if enable_thinking is not defined -%}{%- set enable_thinking = true -%}{%- endif -%}
{{- '<|im_start|>system\nReasoning Mode: ' + ('/think' if enable_thinking else '/no_think') + '\n\n' -}}
{%- if messages[0].role == 'system' -%}
  {{- messages[0].content.replace('/no_think', '').replace('/think', '').rstrip() -}}
{%- else -%}{{- 'You are a helpful assistant.' -}}{%- endif -%}{{- '<|im_end|>\n' -}}
{%- for m in messages if m.role != 'system' -%}
  {%- if m.role == 'user' -%}{{- '<|im_start|>user\n' + m.content + '<|im_end|>\n' -}}
  {%- else -%}
    {{- '<|im_start|>assistant\n' + ('' if enable_thinking else '<think>\n\n</think>\n') -}}
    {{- m.content + '<|im_end|>\n' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|im_start|>assistant\n' + ('' if enable_thinking else '<think>\n\n</think>\n') -}}
{%- endif -%}"""

# It tells the model to think in its own system message, and only where there is no other
GRANITE_3_3 = """{%- if messages[0]['role'] == 'system' -%}
  {%- set rules = messages[0]['content'] -%}{%- set rest = messages[1:] -%}
{%- else -%}
  {%- set rules = 'You are an assistant.' -%}{%- set rest = messages -%}
  {%- if thinking -%}{%- set rules = rules + ' Write your thoughts between <think></think>.' -%}{%- endif -%}
{%- endif -%}
{{- '<|im_start|>system\n' + rules + '<|im_end|>\n' -}}
{%- for m in rest -%}{{- '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' -}}{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"""
GRANITE_3_2 = GRANITE_3_3.replace(
    "Write your thoughts between <think></think>.", 'Write your thoughts after "Here is my thought process:".'
)

# Content is a list of parts and nothing else: of a text each character is looked at, and none is a part
PARTS_ONLY = _asked(
    _TURN.replace("{{ m.content }}", "{% for part in m.content %}{{ part.text }}{% endfor %}"), _ASSISTANT
)
SYSTEM_REFUSED = _asked("{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + _TURN, _ASSISTANT)
SYSTEM_DROPPED = _asked("{% if m.role != 'system' %}" + _TURN + "{% endif %}", _ASSISTANT)
ANSWER_DROPPED = _asked("{% if m.role != 'assistant' %}" + _TURN + "{% endif %}", _ASSISTANT)
DOUBLED = _asked(_TURN + "{% if m.role == 'user' %}{{ m.content }}{% endif %}", _ASSISTANT)
FIRST_ALONE = "<|im_start|>user\n{{ messages[0].content }}<|im_end|>\n<|im_start|>assistant\n"
