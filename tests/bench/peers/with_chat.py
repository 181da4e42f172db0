"""`LLM.chat` as people write it: the schema in the prompt and as a grammar, all documents at once, `json.loads`."""

import json
import sys
import time

from vllm import LLM, SamplingParams
from vllm.sampling_params import StructuredOutputsParams


def main() -> None:
    """Answers what argv[1] names into the file argv[2]."""
    given = json.loads(sys.argv[1])
    with open(given["schema"]) as file:
        schema = json.load(file)
    with open(given["input"]) as file:
        documents = [json.loads(line) for line in file][: given["limit"]]
    llm = LLM(
        given["model"],
        max_model_len=given["context"],
        max_num_seqs=given["seats"],
        kv_cache_memory_bytes=given["kv"],
        dtype=given["dtype"],
    )
    asked = "Extract the information from the text as JSON that follows this schema:\n"
    prompts = [
        [{"role": "user", "content": f"{asked}{json.dumps(schema)}\n\nText:\n{document['text']}"}]
        for document in documents
    ]
    grammar = StructuredOutputsParams(json=schema)
    sampling = SamplingParams(temperature=0, max_tokens=given["tokens"], structured_outputs=grammar)
    began = time.monotonic()
    came = llm.chat(prompts, sampling, use_tqdm=False)
    seconds = time.monotonic() - began
    answers = {document["id"]: parsed(one.outputs[0].text) for document, one in zip(documents, came, strict=True)}
    tokens = sum(len(one.outputs[0].token_ids) for one in came)
    with open(sys.argv[2], "w") as file:
        json.dump({"answers": answers, "seconds": seconds, "tokens": tokens}, file)


def parsed(text: str) -> dict:
    """The answer, or that it is none."""
    try:
        return dict(json.loads(text))
    except ValueError as error:
        return {"error": str(error)}


if __name__ == "__main__":
    main()
