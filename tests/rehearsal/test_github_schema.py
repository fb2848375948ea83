"""Every answer of the loopback GitHub, decoded by a client generated from GitHub's own schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from githubkit import GitHub, TokenAuthStrategy
from githubkit_schemas.latest.models import IssueEvent
from pydantic import TypeAdapter

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.github import gitdata
from cockpit.rehearsal.model import Forge, Issue, Repository
from cockpit.rehearsal.scenario import SCENARIOS, build_world
from tests.rehearsal.github_forge import (
    DONE_RUN,
    DRAFT,
    FAILED_JOB,
    ISSUE,
    NOW,
    PICK,
    build_forge,
    only_repository,
    serve,
)

Client = GitHub[TokenAuthStrategy]


@dataclass(frozen=True, slots=True)
class Sample:
    """Keys of things that exist in a repository."""

    owner: str
    repo: str
    login: str
    sha: str
    tree: str
    blob: str
    tag: str
    tag_object: str
    branch: str
    base: str
    issue: int
    comment: int
    pull: int
    merged_pull: int
    reviewed_pull: int
    review: int
    milestone: int
    label: str
    workflow: int
    workflow_file: str
    run: int
    job: int
    release: int
    release_tag: str


def sample_of(forge: Forge, repository: Repository, client: Client) -> Sample:
    """Find one thing of every kind, preferring those with the most to tell."""
    git_dir = repository.git_dir
    issues = list(repository.issues.values())
    talked = max(issues, key=lambda issue: (issue.pull is None, len(issue.comments)))
    reviewed = max((one for one in issues if one.pull), key=_reviews)
    open_pull = next(one for one in issues if one.pull and one.state == "open")
    merged = next(one for one in issues if one.pull and one.pull.merged_at)
    run = next(run for run in repository.runs.values() if run.jobs)
    release = next(iter(repository.releases.values()))
    tags = gitdata.refs(git_dir, "refs/tags/")
    annotated = next((ref for ref in tags if ref.kind == "tag"), None)
    owner, repo = repository.owner, repository.name
    made = annotated.sha if annotated else _new_tag_object(client, repository, tags[0].commit)
    commit = gitdata.commit(git_dir, run.head_sha)
    assert commit is not None
    files = gitdata.tree(git_dir, commit.tree)
    workflow = repository.workflows[run.workflow]
    return Sample(
        owner, repo, next(iter(forge.collaborators)), commit.sha, commit.tree,
        next(entry.sha for entry in files if entry.kind == "blob"),
        tags[0].name.removeprefix("refs/tags/"), made, "main",
        next(ref.name for ref in gitdata.refs(git_dir, "refs/heads/release/"))[11:],
        talked.number, talked.comments[0].id, open_pull.number, merged.number,
        reviewed.number, _first_review(reviewed),
        next(iter(repository.milestones)), next(iter(repository.labels)),
        workflow.id, workflow.path.rpartition("/")[2], run.id,
        next(job.id for job in run.jobs if job.created_at <= forge.clock.now()),
        release.id, release.tag_name,
    )  # fmt: skip


def _reviews(issue: Issue) -> int:
    return len(issue.pull.reviews) if issue.pull else 0


def _first_review(issue: Issue) -> int:
    assert issue.pull is not None
    return issue.pull.reviews[0].id if issue.pull.reviews else 0


def _new_tag_object(client: Client, repository: Repository, sha: str) -> str:
    made = client.rest.git.create_tag(
        repository.owner, repository.name, tag="x", message="x", object_=sha, type="commit"
    )
    return str(made.parsed_data.sha)


@pytest.fixture(scope="module", params=["tiny", "small"])
def reading(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, Sample]]:
    """A client and what it may ask for, on a hand-made forge and on a whole scenario."""
    directory: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "tiny":
        forge = build_forge(directory)
        repository = only_repository(forge)
    else:
        clock = WorldClock(NOW)
        forge = build_world(SCENARIOS["small"], seed=1, remotes=directory, clock=clock)
        repository = forge.repositories["pytorch/pytorch"]
    token = next(token for token, login in forge.tokens.items() if login == "captain")
    with serve(forge) as url:
        client = connect(url, token)
        yield client, sample_of(forge, repository, client)


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[tuple[Client, Forge]]:
    """A client on a fresh small forge, and the forge to look into."""
    forge = build_forge(tmp_path)
    with serve(forge) as url:
        yield connect(url, "token-captain"), forge


def connect(url: str, token: str) -> Client:
    """The typed client; it neither caches nor retries nor leaves loopback."""
    return GitHub(token, base_url=url, http_cache=False, auto_retry=False, trust_env=False)


TINY = ("pytorch", "tiny")

Write = Callable[[Client], object]
Read = Callable[[Client, Sample], object]

READS: dict[str, Read] = {
    "root": lambda g, s: g.rest.meta.root().parsed_data,
    "me": lambda g, s: g.rest.users.get_authenticated().parsed_data,
    "user": lambda g, s: g.rest.users.get_by_username(s.login).parsed_data,
    "rate limit": lambda g, s: g.rest.rate_limit.get().parsed_data,
    "repository": lambda g, s: g.rest.repos.get(s.owner, s.repo).parsed_data,
    "branches": lambda g, s: g.rest.repos.list_branches(s.owner, s.repo).parsed_data,
    "branch": lambda g, s: g.rest.repos.get_branch(s.owner, s.repo, s.branch).parsed_data,
    "tags": lambda g, s: g.rest.repos.list_tags(s.owner, s.repo).parsed_data,
    "ref": lambda g, s: g.rest.git.get_ref(s.owner, s.repo, f"heads/{s.base}").parsed_data,
    "matching refs": lambda g, s: (
        g.rest.git.list_matching_refs(s.owner, s.repo, "tags/v").parsed_data
    ),
    "tag object": lambda g, s: g.rest.git.get_tag(s.owner, s.repo, s.tag_object).parsed_data,
    "git commit": lambda g, s: g.rest.git.get_commit(s.owner, s.repo, s.sha).parsed_data,
    "tree": lambda g, s: g.rest.git.get_tree(s.owner, s.repo, s.tree).parsed_data,
    "whole tree": lambda g, s: (
        g.rest.git.get_tree(s.owner, s.repo, s.branch, recursive="1").parsed_data
    ),
    "blob": lambda g, s: g.rest.git.get_blob(s.owner, s.repo, s.blob).parsed_data,
    "commits": lambda g, s: (
        g.rest.repos.list_commits(s.owner, s.repo, sha=s.base, per_page=100).parsed_data
    ),
    "commit": lambda g, s: g.rest.repos.get_commit(s.owner, s.repo, s.branch).parsed_data,
    "pulls of commit": lambda g, s: (
        g.rest.repos.list_pull_requests_associated_with_commit(s.owner, s.repo, s.sha).parsed_data
    ),
    "check runs": lambda g, s: g.rest.checks.list_for_ref(s.owner, s.repo, s.sha).parsed_data,
    "check suites": lambda g, s: (
        g.rest.checks.list_suites_for_ref(s.owner, s.repo, s.sha).parsed_data
    ),
    "check runs of suite": lambda g, s: (
        g.rest.checks.list_for_suite(s.owner, s.repo, s.run).parsed_data
    ),
    "checks of an application": lambda g, s: (
        g.rest.checks.list_for_ref(s.owner, s.repo, s.sha, check_name="docs preview").parsed_data
    ),
    "check run": lambda g, s: g.rest.checks.get(s.owner, s.repo, s.job).parsed_data,
    "combined status": lambda g, s: (
        g.rest.repos.get_combined_status_for_ref(s.owner, s.repo, s.sha).parsed_data
    ),
    "statuses": lambda g, s: (
        g.rest.repos.list_commit_statuses_for_ref(s.owner, s.repo, s.sha).parsed_data
    ),
    "comparison": lambda g, s: (
        g.rest.repos.compare_commits(s.owner, s.repo, f"{s.base}...{s.branch}").parsed_data
    ),
    "file": lambda g, s: g.rest.repos.get_content(s.owner, s.repo, "version.txt").parsed_data,
    "folder": lambda g, s: g.rest.repos.get_content(s.owner, s.repo, "torch").parsed_data,
    "collaborators": lambda g, s: g.rest.repos.list_collaborators(s.owner, s.repo).parsed_data,
    "permission": lambda g, s: (
        g.rest.repos.get_collaborator_permission_level(s.owner, s.repo, s.login).parsed_data
    ),
    "pulls": lambda g, s: g.rest.pulls.list(s.owner, s.repo, state="all").parsed_data,
    "pull": lambda g, s: g.rest.pulls.get(s.owner, s.repo, s.pull).parsed_data,
    "merged pull": lambda g, s: g.rest.pulls.get(s.owner, s.repo, s.merged_pull).parsed_data,
    "pull files": lambda g, s: g.rest.pulls.list_files(s.owner, s.repo, s.pull).parsed_data,
    "pull commits": lambda g, s: g.rest.pulls.list_commits(s.owner, s.repo, s.pull).parsed_data,
    "reviews": lambda g, s: g.rest.pulls.list_reviews(s.owner, s.repo, s.reviewed_pull).parsed_data,
    "requested reviewers": lambda g, s: (
        g.rest.pulls.list_requested_reviewers(s.owner, s.repo, s.pull).parsed_data
    ),
    "issues": lambda g, s: (
        g.rest.issues.list_for_repo(s.owner, s.repo, state="all", per_page=100).parsed_data
    ),
    "issue": lambda g, s: g.rest.issues.get(s.owner, s.repo, s.issue).parsed_data,
    "pull as issue": lambda g, s: g.rest.issues.get(s.owner, s.repo, s.pull).parsed_data,
    "comments": lambda g, s: g.rest.issues.list_comments(s.owner, s.repo, s.issue).parsed_data,
    "all comments": lambda g, s: g.rest.issues.list_comments_for_repo(s.owner, s.repo).parsed_data,
    "comment": lambda g, s: g.rest.issues.get_comment(s.owner, s.repo, s.comment).parsed_data,
    "labels of issue": lambda g, s: (
        g.rest.issues.list_labels_on_issue(s.owner, s.repo, s.issue).parsed_data
    ),
    "timeline": lambda g, s: (
        g.rest.issues.list_events_for_timeline(s.owner, s.repo, s.issue).parsed_data
    ),
    "milestones": lambda g, s: (
        g.rest.issues.list_milestones(s.owner, s.repo, state="all").parsed_data
    ),
    "milestone": lambda g, s: g.rest.issues.get_milestone(s.owner, s.repo, s.milestone).parsed_data,
    "labels": lambda g, s: g.rest.issues.list_labels_for_repo(s.owner, s.repo).parsed_data,
    "label": lambda g, s: g.rest.issues.get_label(s.owner, s.repo, s.label).parsed_data,
    "search": lambda g, s: (
        g.rest.search.issues_and_pull_requests(q=f"repo:{s.owner}/{s.repo} is:pr").parsed_data
    ),
    "workflows": lambda g, s: g.rest.actions.list_repo_workflows(s.owner, s.repo).parsed_data,
    "workflow": lambda g, s: g.rest.actions.get_workflow(s.owner, s.repo, s.workflow).parsed_data,
    "workflow by file": lambda g, s: (
        g.rest.actions.get_workflow(s.owner, s.repo, s.workflow_file).parsed_data
    ),
    "workflow runs": lambda g, s: (
        g.rest.actions.list_workflow_runs(s.owner, s.repo, s.workflow_file).parsed_data
    ),
    "runs": lambda g, s: g.rest.actions.list_workflow_runs_for_repo(s.owner, s.repo).parsed_data,
    "run": lambda g, s: g.rest.actions.get_workflow_run(s.owner, s.repo, s.run).parsed_data,
    "attempt": lambda g, s: (
        g.rest.actions.get_workflow_run_attempt(s.owner, s.repo, s.run, 1).parsed_data
    ),
    "jobs": lambda g, s: (
        g.rest.actions.list_jobs_for_workflow_run(
            s.owner, s.repo, s.run, filter_="all", per_page=100
        ).parsed_data
    ),
    "jobs of attempt": lambda g, s: (
        g.rest.actions.list_jobs_for_workflow_run_attempt(s.owner, s.repo, s.run, 1).parsed_data
    ),
    "job": lambda g, s: g.rest.actions.get_job_for_workflow_run(s.owner, s.repo, s.job).parsed_data,
    "artifacts": lambda g, s: g.rest.actions.list_artifacts_for_repo(s.owner, s.repo).parsed_data,
    "artifacts of run": lambda g, s: (
        g.rest.actions.list_workflow_run_artifacts(s.owner, s.repo, s.run).parsed_data
    ),
    "releases": lambda g, s: g.rest.repos.list_releases(s.owner, s.repo).parsed_data,
    "latest release": lambda g, s: g.rest.repos.get_latest_release(s.owner, s.repo).parsed_data,
    "release of tag": lambda g, s: (
        g.rest.repos.get_release_by_tag(s.owner, s.repo, s.release_tag).parsed_data
    ),
    "release": lambda g, s: g.rest.repos.get_release(s.owner, s.repo, s.release).parsed_data,
}

MAY_BE_EMPTY = {
    "statuses", "requested reviewers", "reviews", "pulls of commit", "artifacts",
    "artifacts of run",
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_an_answer_fits_the_published_schema(name: str, reading: tuple[Client, Sample]) -> None:
    decoded = READS[name](*reading)
    if isinstance(decoded, list) and name not in MAY_BE_EMPTY:
        assert decoded


def test_events_of_an_issue_fit_the_schema_of_an_event(reading: tuple[Client, Sample]) -> None:
    # The schema of the list itself leaves out "closed" and "merged", which GitHub does send.
    client, sample = reading
    answer = client.request(
        "GET", f"/repos/{sample.owner}/{sample.repo}/issues/{sample.merged_pull}/events"
    )
    events = TypeAdapter(list[IssueEvent]).validate_json(answer.text)
    assert [event.event for event in events] == ["merged", "closed"]


WRITES: dict[str, Write] = {
    "tag object": lambda g: (
        g.rest.git.create_tag(
            *TINY, tag="v9", message="nine", object_=_main(g), type="commit"
        ).parsed_data
    ),
    "ref": lambda g: g.rest.git.create_ref(*TINY, ref="refs/tags/v9", sha=_main(g)).parsed_data,
    "moved ref": lambda g: (
        g.rest.git.update_ref(*TINY, "heads/pick-four", sha=_main(g), force=True).parsed_data
    ),
    "merge": lambda g: g.rest.repos.merge(*TINY, base="pick-four", head="half-done").parsed_data,
    "pull": lambda g: (
        g.rest.pulls.create(*TINY, title="t", head="half-done", base="main").parsed_data
    ),
    "changed pull": lambda g: (
        g.rest.pulls.update(*TINY, PICK, title="t", state="closed").parsed_data
    ),
    "review": lambda g: g.rest.pulls.create_review(*TINY, PICK, event="APPROVE").parsed_data,
    "asked for review": lambda g: (
        g.rest.pulls.request_reviewers(*TINY, DRAFT, reviewers=["ada"]).parsed_data
    ),
    "merged pull": lambda g: g.rest.pulls.merge(*TINY, PICK, merge_method="squash").parsed_data,
    "issue": lambda g: g.rest.issues.create(*TINY, title="new", labels=["new"]).parsed_data,
    "changed issue": lambda g: (
        g.rest.issues.update(*TINY, ISSUE, state="closed", milestone=2).parsed_data
    ),
    "comment": lambda g: g.rest.issues.create_comment(*TINY, ISSUE, body="yes").parsed_data,
    "changed comment": lambda g: g.rest.issues.update_comment(*TINY, 200, body="no").parsed_data,
    "labels": lambda g: g.rest.issues.add_labels(*TINY, ISSUE, labels=["more"]).parsed_data,
    "label taken off": lambda g: g.rest.issues.remove_label(*TINY, ISSUE, "triaged").parsed_data,
    "label": lambda g: g.rest.issues.create_label(*TINY, name="fresh", color="ff0000").parsed_data,
    "milestone": lambda g: g.rest.issues.create_milestone(*TINY, title="2.16.0").parsed_data,
    "changed milestone": lambda g: (
        g.rest.issues.update_milestone(*TINY, 1, state="closed").parsed_data
    ),
    "assigned": lambda g: g.rest.issues.add_assignees(*TINY, ISSUE, assignees=["ada"]).parsed_data,
    "dispatched": lambda g: (
        g.rest.actions.create_workflow_dispatch(
            *TINY, "binaries.yml", ref="main", inputs={"version": "2.15.0"}
        ).parsed_data
    ),
    "run again": lambda g: g.rest.actions.re_run_workflow(*TINY, DONE_RUN).parsed_data,
    "failed jobs again": lambda g: (
        g.rest.actions.re_run_workflow_failed_jobs(*TINY, DONE_RUN).parsed_data
    ),
    "job again": lambda g: (
        g.rest.actions.re_run_job_for_workflow_run(*TINY, FAILED_JOB).parsed_data
    ),
    "reviewed": lambda g: _reviewed(g),
    "cancelled": lambda g: g.rest.actions.cancel_workflow_run(*TINY, 501).parsed_data,
    "release": lambda g: g.rest.repos.create_release(*TINY, tag_name="v9").parsed_data,
    "changed release": lambda g: g.rest.repos.update_release(*TINY, 70, body="n").parsed_data,
}


@pytest.mark.parametrize("name", WRITES)
def test_the_answer_to_a_write_fits_the_published_schema(
    name: str, writing: tuple[Client, Forge]
) -> None:
    assert WRITES[name](writing[0]) is not None


def _reviewed(client: Client) -> object:
    """Approve what a dispatched run waits for."""
    client.rest.actions.create_workflow_dispatch(
        *TINY, "binaries.yml", ref="main", inputs={"version": "2.15.0"}
    )
    run = client.rest.actions.list_workflow_runs_for_repo(*TINY).parsed_data.workflow_runs[0].id
    (waiting,) = client.rest.actions.get_pending_deployments_for_run(*TINY, run).parsed_data
    jobs = client.rest.actions.list_jobs_for_workflow_run(*TINY, run).parsed_data.jobs
    assert {job.name: job.conclusion for job in jobs if job.status == "waiting"} == {"sign": None}
    return client.rest.actions.review_pending_deployments_for_run(
        *TINY,
        run,
        environment_ids=[int(waiting.environment.id or 0)],
        state="approved",
        comment="go",
    ).parsed_data


def _main(client: Client) -> str:
    return str(client.rest.git.get_ref(*TINY, "heads/main").parsed_data.object_.sha)
