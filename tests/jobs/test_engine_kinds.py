"""The engines that a job can name are those that are registered, with fields that a job has."""

from typing import get_args

from extractor.jobs.engines import ENGINES
from extractor.jobs.job import Job


def test_a_job_can_name_each_engine_that_there_is() -> None:
    assert set(get_args(Job.model_fields["engine"].annotation)) == set(ENGINES)


def test_each_field_is_one_of_a_job() -> None:
    assert {field for kind in ENGINES.values() for field in kind.fields} <= set(Job.model_fields)
