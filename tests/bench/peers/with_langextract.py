"""langextract over a server of the OpenAI kind, shown the same worked examples; relations are its attributes."""

import json
import sys
import time
from pathlib import Path

import langextract as lx
from labels import labels
from langextract.providers.openai import OpenAILanguageModel

PROMPT = (
    "Extract everything the text calls by a name of its own ({}), each once, with its type as class. Then extract the"
    " relations between two of them, class relation, with the attributes subject, predicate and object; predicates are"
    " {}. Use the exact words of the text."
)


def main() -> None:
    """Answers what argv[1] names into the file argv[2]."""
    given = json.loads(sys.argv[1])
    with open(given["input"]) as file:
        documents = [json.loads(line) for line in file][: given["limit"]]
    model = OpenAILanguageModel(
        "model", api_key="none", base_url=f"{given['url']}/v1", temperature=0, max_workers=given["seats"],
        max_output_tokens=given["tokens"],
    )  # fmt: skip
    texts = [lx.data.Document(text=document["text"], document_id=document["id"]) for document in documents]
    shown, asked = examples(Path(given["examples"])), PROMPT.format(*map(", ".join, labels(given["schema"])))
    began = time.monotonic()
    answers: dict[str, dict] = {}
    try:
        found = lx.extract(
            texts, prompt_description=asked, examples=shown, model=model, fence_output=False,
            use_schema_constraints=False, max_workers=given["seats"], batch_length=given["seats"],
            max_char_buffer=4000, show_progress=False,
        )  # fmt: skip
        for one in found:
            # what it cannot parse it leaves out, with a warning: then there is nothing
            answers[one.document_id] = answer(one.extractions) if one.extractions else {"error": "no extractions"}
    except Exception as error:  # one bad answer ends them all
        print(f"langextract: {type(error).__name__}: {error}"[:300], file=sys.stderr)
    with open(sys.argv[2], "w") as file:
        json.dump({"answers": answers, "seconds": time.monotonic() - began, "tokens": 0}, file)


def examples(file: Path) -> list:
    """The schema's worked examples in its form."""
    found = []
    for line in file.read_text().splitlines():
        said = json.loads(line)
        things = [lx.data.Extraction(one["type"], one["name"]) for one in said["answer"]["entities"]]
        joins = [lx.data.Extraction("relation", one["subject"], attributes=one) for one in said["answer"]["relations"]]
        found.append(lx.data.ExampleData(text=said["text"], extractions=things + joins))
    return found


def answer(extractions: list) -> dict:
    """Entities and relations as the others give them."""
    entities, relations = [], []
    for one in extractions:
        said = one.attributes or {}
        if one.extraction_class != "relation":
            entities.append({"name": one.extraction_text, "type": one.extraction_class})
        elif all(isinstance(said.get(key), str) for key in ("subject", "predicate", "object")):
            relations.append({key: said[key] for key in ("subject", "predicate", "object")})
    return {"entities": entities, "relations": relations}


if __name__ == "__main__":
    main()
