"""instructor over a server of the OpenAI kind: a pydantic model, JSON schema mode, its usual three attempts."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import instructor
from labels import labels
from openai import AsyncOpenAI
from pydantic import BaseModel, Field, create_model


def model_of(schema: str) -> type[BaseModel]:
    """The schema's entities and relations as people write them for instructor."""
    types, predicates = labels(schema)
    entity = create_model(
        "Entity",
        name=(str, Field(description="The fullest name, copied from the text.")),
        type=(str, Field(json_schema_extra={"enum": [*types]})),
    )
    relation = create_model(
        "Relation",
        subject=(str, Field(description="The name of an entity above.")),
        object=(str, Field(description="The name of another entity above.")),
        predicate=(str, Field(json_schema_extra={"enum": [*predicates]})),
    )
    said = json.loads(Path(schema).read_text())["properties"].get("summary")
    summary: dict[str, Any] = {"summary": (str, Field(description=said["description"]))} if said else {}
    return create_model(
        "Extracted",
        entities=(list[entity], Field(max_length=40)),  # type: ignore[valid-type]
        relations=(list[relation], Field(max_length=30)),  # type: ignore[valid-type]
        **summary,
    )


async def main() -> None:
    """Answers what argv[1] names into the file argv[2]."""
    given = json.loads(sys.argv[1])
    with open(given["input"]) as file:
        documents = [json.loads(line) for line in file][: given["limit"]]
    plain = AsyncOpenAI(base_url=f"{given['url']}/v1", api_key="none", timeout=3600)
    client = instructor.from_openai(plain, mode=instructor.Mode.JSON_SCHEMA)
    model = model_of(given["schema"])
    tokens, seats = [0], asyncio.Semaphore(given["seats"])

    async def ask(document: dict) -> dict:
        asked = f"Extract the information from the text.\n\n{document['text']}"
        try:
            async with seats:
                found, raw = await client.chat.completions.create_with_completion(
                    model="model",
                    response_model=model,
                    temperature=0,
                    max_tokens=given["tokens"],
                    messages=[{"role": "user", "content": asked}],
                )
            tokens[0] += raw.usage.completion_tokens if raw.usage else 0
            return dict(found.model_dump())
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"[:300]}

    began = time.monotonic()
    answers = await asyncio.gather(*map(ask, documents))
    seconds = time.monotonic() - began
    named = {document["id"]: answer for document, answer in zip(documents, answers, strict=True)}
    with open(sys.argv[2], "w") as file:
        json.dump({"answers": named, "seconds": seconds, "tokens": tokens[0]}, file)


if __name__ == "__main__":
    asyncio.run(main())
