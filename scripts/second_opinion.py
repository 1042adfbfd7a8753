"""What Python's jsonschema says of generated bodies: python3 second_opinion.py SCHEMAS BODIES"""

import json
import pathlib
import sys

import jsonschema

# A value of a type that nothing takes is reported by whichever of these stands there.
REPORTED = {
    "type": {"type", "enum", "const", "anyOf"},
    "enum": {"enum", "const"},
    "propertyNames": {"propertyNames", "maxLength", "minLength", "pattern"},
}


def errors(error):
    """The error and, where it is about alternatives, what is wrong with each of them."""
    yield error
    for inner in error.context or []:
        yield from errors(inner)


def pointer(error):
    return "".join(f"/{step}" for step in error.absolute_path)


def main():
    schemas, bodies = map(pathlib.Path, sys.argv[1:])
    disagreements = total = 0
    for path in sorted(bodies.glob("*.jsonl")):
        schema = json.loads((schemas / f"{path.stem}.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        asked = 0
        for line in path.read_text().splitlines():
            told = json.loads(line)
            found = [inner for error in validator.iter_errors(json.loads(told["body"])) for inner in errors(error)]
            place, above = told["place"], told["place"].rpartition("/")[0]
            keywords = REPORTED.get(told["keyword"], {told["keyword"]})
            named = any(pointer(error) in (place, above) and error.validator in keywords for error in found)
            asked += 1
            if (told["valid"] and found) or (not told["valid"] and not named):
                disagreements += 1
                if disagreements <= 10:
                    seen = [(pointer(error), error.validator) for error in found][:6]
                    print(f"{path.stem} {told['label']} valid={told['valid']}: {seen}\n  {told['body'][:300]}")
        print(f"{path.stem}: {asked} bodies")
        total += asked
    print(f"{disagreements} disagreements over {total} bodies")
    return 1 if disagreements or not total else 0


if __name__ == "__main__":
    sys.exit(main())
