"""The loopback GitHub driven by PyGithub, over a real socket, as the cockpit drives it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository as RemoteRepository

from cockpit.rehearsal.github import gitdata
from cockpit.rehearsal.github.app import create_app
from cockpit.rehearsal.model import Forge, Issue
from cockpit.rehearsal.serving import Service
from tests.rehearsal.github_forge import (
    CAPTAIN,
    CONFLICT,
    DONE_RUN,
    DRAFT,
    ISSUE,
    LANDED,
    NOW,
    OLD_RUN,
    PICK,
    READER,
    RUNNING_RUN,
    build_forge,
    only_repository,
)


@dataclass(frozen=True, slots=True)
class Site:
    """A served forge, and a client's view of its repository."""

    service: Service
    forge: Forge
    client: Github
    remote: RemoteRepository

    @property
    def git_dir(self) -> Path:
        """The bare repository behind it."""
        return only_repository(self.forge).git_dir

    def tip(self, branch: str) -> str:
        """Where a branch is, asked of git itself."""
        ref = gitdata.ref(self.git_dir, f"refs/heads/{branch}")
        assert ref is not None
        return ref.sha


@pytest.fixture(params=["", "/api/v3"], ids=["plain", "enterprise"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A fresh small forge, reached under either prefix."""
    yield from _site(tmp_path, request.param)


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """A fresh small forge under the plain prefix."""
    yield from _site(tmp_path, "")


def _site(directory: Path, prefix: str) -> Iterator[Site]:
    forge = build_forge(directory)
    service = Service("github", create_app(forge), io.StringIO())
    try:
        client = connect(f"{service.url}{prefix}", CAPTAIN)
        yield Site(service, forge, client, client.get_repo("pytorch/tiny"))
    finally:
        service.stop()


def connect(url: str, token: str) -> Github:
    """PyGithub without its waiting and retrying."""
    return Github(
        auth=Auth.Token(token),
        base_url=url,
        per_page=100,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


def refusal(error: pytest.ExceptionInfo[GithubException]) -> tuple[int, str]:
    """Status and message of what the server refused."""
    data = error.value.data
    return error.value.status, str(data["message"] if isinstance(data, dict) else data)


def requests_counted(client: Github) -> int:
    """How many requests the server has counted; asking is free."""
    return client.get_rate_limit().resources.core.used


def test_250_issues_are_three_requests(site: Site) -> None:
    repository = only_repository(site.forge)
    for _ in range(245):
        number = repository.next_number()
        repository.issues[number] = Issue(number, number, f"issue {number}", "", "ada", NOW, NOW)
    before = requests_counted(site.client)
    issues = list(site.remote.get_issues(state="all"))
    assert len({issue.number for issue in issues}) == len(issues) == 250
    assert requests_counted(site.client) - before == 3


def test_an_object_asks_again_with_its_etag(site: Site) -> None:
    pull = site.remote.get_pull(PICK)
    before = requests_counted(site.client)
    assert pull.update() is False
    assert requests_counted(site.client) == before
    site.remote.get_issue(PICK).create_comment("news")
    assert pull.update() is True
    assert pull.comments == 1


def test_a_ref_is_made_once(site: Site) -> None:
    sha = site.tip("release/2.15")
    ref = site.remote.create_git_ref("refs/tags/v2.15.0-rc2", sha)
    assert (ref.object.sha, ref.object.type) == (sha, "commit")
    assert gitdata.resolve(site.git_dir, "v2.15.0-rc2") == sha
    with pytest.raises(GithubException) as twice:
        site.remote.create_git_ref("refs/tags/v2.15.0-rc2", sha)
    assert refusal(twice) == (422, "Reference already exists")
    with pytest.raises(GithubException) as unknown:
        site.remote.create_git_ref("refs/tags/v2.15.0-rc3", "0" * 40)
    assert refusal(unknown) == (422, "Object does not exist")


def test_a_ref_moves_forward_or_by_force_and_goes(own_site: Site) -> None:
    ref = own_site.remote.get_git_ref("heads/release/2.15")
    ref.edit(own_site.tip("pick-four"))
    assert own_site.tip("release/2.15") == own_site.tip("pick-four")
    with pytest.raises(GithubException) as backward:
        ref.edit(own_site.tip("main"))
    assert refusal(backward) == (422, "Update is not a fast forward")
    ref.edit(own_site.tip("main"), force=True)
    assert own_site.tip("release/2.15") == own_site.tip("main")
    ref.delete()
    with pytest.raises(GithubException) as gone:
        own_site.remote.get_branch("release/2.15")
    assert refusal(gone)[0] == 404


def test_a_ref_that_git_refuses_is_refused(own_site: Site) -> None:
    for name in ("refs/heads/a..b", "refs/heads/main/under", "main"):
        with pytest.raises(GithubException) as refused:
            own_site.remote.create_git_ref(name, own_site.tip("main"))
        assert refused.value.status == 422


def test_an_annotated_tag_is_an_object_then_a_ref(own_site: Site) -> None:
    sha = own_site.tip("release/2.15")
    tag = own_site.remote.create_git_tag("v2.15.0", "final\n\nwords", sha, "commit")
    own_site.remote.create_git_ref("refs/tags/v2.15.0", tag.sha)
    again = own_site.remote.get_git_tag(tag.sha)
    assert (again.message, again.object.sha, again.tagger.name) == (
        "final\n\nwords", sha, "Cora Captain",
    )  # fmt: skip
    listed = {tag.name: tag.commit.sha for tag in own_site.remote.get_tags()}
    assert listed["v2.15.0"] == sha
    assert list(listed) == ["v2.15.0-rc1", "v2.15.0", "v2.14.0"]


def test_histories_have_filters(own_site: Site) -> None:
    remote = own_site.remote
    titles = [commit.commit.message.split("\n")[0] for commit in remote.get_commits("main")]
    assert titles == ["Add b", "Add four (#4)", "Start"]
    touching = remote.get_commits("main", path="torch/a.py")
    assert [commit.commit.message.split("\n")[0] for commit in touching] == titles[1:]
    since = remote.get_commit("main").commit.committer.date - timedelta(seconds=59)
    assert [commit.sha for commit in remote.get_commits("main", since=since)] == [
        own_site.tip("main")
    ]
    commit = remote.get_commit(own_site.tip("main"))
    assert commit.author.login == "ada"
    assert (commit.stats.additions, [file.filename for file in commit.files]) == (1, ["torch/b.py"])


def test_a_comparison_says_what_each_side_lacks(own_site: Site) -> None:
    way = own_site.remote.compare("release/2.15", "main")
    assert (way.status, way.ahead_by, way.behind_by, way.total_commits) == ("diverged", 2, 1, 2)
    assert [commit.sha for commit in way.commits][-1] == own_site.tip("main")
    assert [file.filename for file in way.files] == ["torch/a.py", "torch/b.py"]
    assert "+four" in way.files[0].patch
    assert own_site.remote.compare("main", "main").status == "identical"
    with pytest.raises(GithubException) as unknown:
        own_site.remote.compare("main", "nothing").status  # noqa: B018
    assert refusal(unknown)[0] == 404


def test_a_commit_knows_its_pull_request(own_site: Site) -> None:
    remote = own_site.remote
    landed = gitdata.history(own_site.git_dir, own_site.tip("main"))[1]
    assert [pull.number for pull in remote.get_commit(landed).get_pulls()] == [LANDED]
    picked = remote.get_commit(own_site.tip("pick-four"))
    assert [pull.number for pull in picked.get_pulls()] == [PICK]


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_pull_request_is_merged_for_real(own_site: Site, method: str) -> None:
    before, head = own_site.tip("release/2.15"), own_site.tip("pick-four")
    pull = own_site.remote.get_pull(PICK)
    assert (pull.mergeable, pull.commits, pull.changed_files) == (True, 1, 1)
    result = pull.merge(merge_method=method, sha=head)
    assert result.merged
    made = gitdata.commit(own_site.git_dir, "release/2.15")
    assert made is not None
    assert made.sha == result.sha
    assert made.parents == ((before, head) if method == "merge" else (before,))
    file = own_site.remote.get_contents("torch/a.py", ref="release/2.15")
    assert not isinstance(file, list)
    assert file.decoded_content == b"one\ntwo\nthree\nfour\n"
    merged = own_site.remote.get_pull(PICK)
    assert (merged.merged, merged.state, merged.merge_commit_sha) == (True, "closed", result.sha)
    assert merged.merged_by.login == "captain"
    assert merged.commits == 1
    with pytest.raises(GithubException) as twice:
        merged.merge()
    assert refusal(twice) == (405, "Pull Request is not mergeable")


def test_a_squash_names_its_pull_request(own_site: Site) -> None:
    own_site.remote.get_pull(PICK).merge(merge_method="squash")
    made = gitdata.commit(own_site.git_dir, "release/2.15")
    assert made is not None
    assert made.title == f"Pick four (#{PICK})"
    assert (made.author.name, made.committer.name) == ("Ada Author", "GitHub")


def test_a_moved_head_is_not_merged(own_site: Site) -> None:
    pull = own_site.remote.get_pull(PICK)
    seen = pull.head.sha
    before = own_site.tip("release/2.15")
    own_site.remote.get_git_ref("heads/pick-four").edit(own_site.tip("half-done"), force=True)
    with pytest.raises(GithubException) as moved:
        pull.merge(sha=seen)
    message = "Head branch was modified. Review and try the merge again."
    assert refusal(moved) == (409, message)
    assert own_site.tip("release/2.15") == before
    assert own_site.remote.get_pull(PICK).head.sha == own_site.tip("half-done")


def test_neither_a_conflict_nor_a_draft_is_merged(own_site: Site) -> None:
    clash = own_site.remote.get_pull(CONFLICT)
    assert (clash.mergeable, clash.mergeable_state) == (False, "dirty")
    for method in ("merge", "squash", "rebase"):
        with pytest.raises(GithubException) as conflict:
            clash.merge(merge_method=method)
        assert refusal(conflict) == (405, "Pull Request is not mergeable")
    with pytest.raises(GithubException) as unready:
        own_site.remote.get_pull(DRAFT).merge()
    assert refusal(unready) == (405, "Pull Request is still a draft")


def test_looking_at_a_pull_request_leaves_the_repository_as_it_is(own_site: Site) -> None:
    before = _files(own_site.git_dir)
    assert own_site.remote.get_pull(PICK).mergeable is True
    assert own_site.remote.get_pull(CONFLICT).mergeable is False
    assert _files(own_site.git_dir) == before


def test_a_pull_request_is_opened_once_between_real_branches(own_site: Site) -> None:
    remote = own_site.remote
    made = remote.create_pull(base="main", head="pytorch:half-done", title="t", body="b")
    assert made.number == 6
    assert gitdata.resolve(own_site.git_dir, "refs/pull/6/head") == own_site.tip("half-done")
    assert [pull.number for pull in remote.get_pulls(base="main")] == [6]
    assert [pull.number for pull in remote.get_pulls(head="pytorch:half-done")] == [6, DRAFT]
    for head, base in (("half-done", "main"), ("nothing", "main"), ("main", "main")):
        with pytest.raises(GithubException) as refused:
            remote.create_pull(base=base, head=head, title="t")
        assert refused.value.status == 422


def test_branches_merge_into_branches(own_site: Site) -> None:
    made = own_site.remote.merge("release/2.15", "pick-four", "words")
    assert made is not None
    assert made.sha == own_site.tip("release/2.15")
    assert own_site.remote.merge("release/2.15", "pick-four") is None
    with pytest.raises(GithubException) as conflict:
        own_site.remote.merge("release/2.15", "clash")
    assert refusal(conflict) == (409, "Merge Conflict")


def test_reviews_are_given_and_asked_for(own_site: Site) -> None:
    pull = own_site.remote.get_pull(DRAFT)
    pull.create_review_request(reviewers=["captain"])
    assert [user.login for user in pull.get_review_requests()[0]] == ["captain"]
    pull.create_review(body="fine", event="APPROVE")
    assert [(review.user.login, review.state) for review in pull.get_reviews()] == [
        ("captain", "APPROVED")
    ]
    assert list(pull.get_review_requests()[0]) == []
    with pytest.raises(GithubException) as stranger:
        pull.create_review_request(reviewers=["bot"])
    assert stranger.value.status == 422


def test_the_checklist_of_issues_labels_and_milestones(own_site: Site) -> None:
    remote = own_site.remote
    milestone = remote.get_milestone(1)
    assert (milestone.open_issues, milestone.closed_issues) == (2, 1)
    issue = remote.get_issue(ISSUE)
    issue.add_to_labels("ciflow/trunk", "fresh")
    issue.remove_from_labels("triaged")
    assert [label.name for label in issue.get_labels()] == ["unlisted", "ciflow/trunk", "fresh"]
    assert [one.number for one in remote.get_issues(labels=["fresh"])] == [ISSUE]
    assert {one.number for one in remote.get_issues(milestone=milestone)} == {ISSUE, PICK}
    comment = issue.create_comment("first")
    comment.edit("second")
    assert [one.body for one in issue.get_comments(since=NOW)] == ["second"]
    comment.delete()
    issue.edit(state="closed", state_reason="not_planned")
    closed = remote.get_issue(ISSUE)
    assert (closed.state, closed.state_reason) == ("closed", "not_planned")
    assert (remote.get_milestone(1).open_issues, remote.get_milestone(1).closed_issues) == (1, 2)


def test_a_locked_issue_takes_no_comments_from_readers(own_site: Site) -> None:
    own_site.remote.get_issue(ISSUE).lock("resolved")
    reader = connect(own_site.service.url, READER).get_repo("pytorch/tiny")
    with pytest.raises(GithubException) as locked:
        reader.get_issue(ISSUE).create_comment("let me")
    assert refusal(locked)[0] == 403
    assert own_site.remote.get_issue(ISSUE).create_comment("mine").body == "mine"


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({}, "Required input 'version' not provided"),
        ({"version": "1", "nonsense": "1"}, 'Unexpected inputs provided: ["nonsense"]'),
        (
            {"version": "1", "dryrun": "maybe"},
            "Provided value 'maybe' for input 'dryrun' not in the list of allowed values",
        ),
        ({"version": "1", "push": "ja"}, "Provided value 'ja' for input 'push' is not a boolean"),
    ],
)
def test_a_dispatch_with_wrong_inputs_starts_nothing(
    own_site: Site, inputs: dict[str, str], complaint: str
) -> None:
    before = own_site.remote.get_workflow_runs().totalCount
    workflow = own_site.remote.get_workflow("binaries.yml")
    with pytest.raises(GithubException) as refused:
        workflow.create_dispatch("main", inputs, throw=True)
    assert refusal(refused) == (422, complaint)
    assert own_site.remote.get_workflow_runs().totalCount == before


def test_a_dispatch_starts_a_run(own_site: Site) -> None:
    workflow = own_site.remote.get_workflow(40)
    assert workflow.create_dispatch("main", {"version": "2.15.0", "dryrun": "disabled"})
    run = own_site.remote.get_workflow_runs(event="workflow_dispatch")[0]
    assert (run.head_branch, run.head_sha) == ("main", own_site.tip("main"))
    assert (run.actor.login, run.status) == ("captain", "queued")
    with pytest.raises(GithubException) as nowhere:
        workflow.create_dispatch("nothing", {"version": "1"}, throw=True)
    assert refusal(nowhere) == (422, "No ref found for: nothing")
    with pytest.raises(GithubException) as never:
        own_site.remote.get_workflow("lint.yml").create_dispatch("main", throw=True)
    assert refusal(never) == (422, "Workflow does not have 'workflow_dispatch' trigger")


def test_a_pushed_candidate_tag_starts_its_builds(own_site: Site) -> None:
    list(own_site.remote.get_workflow_runs())
    sha = own_site.tip("pick-four")
    assert own_site.remote.get_workflow_runs(head_sha=sha).totalCount == 0
    own_site.remote.create_git_ref("refs/tags/v2.15.0-rc2", sha)
    (run,) = own_site.remote.get_workflow_runs(head_sha=sha)
    assert (run.event, run.head_branch, run.name) == ("push", "v2.15.0-rc2", "binaries")
    assert own_site.remote.get_commit(sha).get_check_runs().totalCount > 0


def test_jobs_go_on_with_the_worlds_clock(own_site: Site) -> None:
    def states() -> dict[str, tuple[str, str | None]]:
        jobs = own_site.remote.get_workflow_run(RUNNING_RUN).jobs()
        return {job.name: (job.status, job.conclusion) for job in jobs}

    assert states() == {
        "build a": ("completed", "success"),
        "build b": ("in_progress", None),
        "build c": ("queued", None),
    }
    job = own_site.remote.get_workflow_run(RUNNING_RUN).jobs()[1]
    assert [step.status for step in job.steps] == ["in_progress", "queued"]
    own_site.forge.clock.advance(timedelta(hours=2, minutes=30))
    assert states()["build c"] == ("completed", "success")
    assert states()["test c"] == ("in_progress", None)
    own_site.forge.clock.advance(timedelta(hours=1))
    run = own_site.remote.get_workflow_run(RUNNING_RUN)
    assert (run.status, run.conclusion) == ("completed", "failure")


def test_a_run_again_is_a_new_attempt_beside_the_old_one(own_site: Site) -> None:
    run = own_site.remote.get_workflow_run(DONE_RUN)
    assert (run.run_attempt, run.conclusion) == (2, "failure")
    assert run.rerun()
    again = own_site.remote.get_workflow_run(DONE_RUN)
    assert (again.run_attempt, again.status) == (3, "queued")
    assert again.created_at == run.created_at
    assert again.run_started_at > run.run_started_at
    assert {job.run_attempt for job in again.jobs("all")} >= {1, 2}
    assert {job.run_attempt for job in again.jobs()} == {3}
    assert not again.rerun()


def test_what_runs_can_be_cancelled(own_site: Site) -> None:
    run = own_site.remote.get_workflow_run(RUNNING_RUN)
    assert run.cancel()
    cancelled = own_site.remote.get_workflow_run(RUNNING_RUN)
    assert (cancelled.status, cancelled.conclusion) == ("completed", "cancelled")
    conclusions = {job.name: job.conclusion for job in cancelled.jobs()}
    assert conclusions["build a"] == "success"
    assert conclusions["build b"] == conclusions["build c"] == "cancelled"
    assert not cancelled.cancel()


def test_checks_are_the_jobs_of_the_newest_attempts(own_site: Site) -> None:
    commit = own_site.remote.get_commit("v2.15.0-rc1")
    checks = commit.get_check_runs()
    assert checks.totalCount == 5
    assert {check.id for check in checks} == {610, 611, 612, 603, 604}
    assert commit.get_check_runs(filter="all").totalCount == 7
    assert [check.name for check in commit.get_check_runs(status="in_progress")] == ["build b"]
    assert commit.get_check_suites().totalCount == 2


def test_runs_have_filters(own_site: Site) -> None:
    remote = own_site.remote
    main = remote.get_branch("main")
    assert [run.id for run in remote.get_workflow_runs(branch=main)] == [OLD_RUN]
    assert [run.id for run in remote.get_workflow_runs(event="push")] == [
        RUNNING_RUN, DONE_RUN, OLD_RUN,
    ]  # fmt: skip
    assert [run.id for run in remote.get_workflow_runs(status="failure")] == [DONE_RUN]
    assert remote.get_workflow_runs(created=">=2026-10-14").totalCount == 2
    assert remote.get_workflow_runs(created="2026-01-01..2026-10-13").totalCount == 1


def test_a_release_makes_its_tag_when_it_is_published(own_site: Site) -> None:
    made = own_site.remote.create_git_release(
        "v2.15.0", "PyTorch 2.15.0", "notes", draft=True, target_commitish="release/2.15"
    )
    assert gitdata.resolve(own_site.git_dir, "v2.15.0") is None
    assert own_site.remote.get_latest_release().tag_name == "v2.14.0"
    made.update_release("PyTorch 2.15.0", "notes", draft=False)
    assert gitdata.resolve(own_site.git_dir, "v2.15.0") == own_site.tip("release/2.15")
    assert own_site.remote.get_latest_release().tag_name == "v2.15.0"
    assert own_site.remote.get_release("v2.15.0").name == "PyTorch 2.15.0"
    reader = connect(own_site.service.url, READER).get_repo("pytorch/tiny")
    own_site.remote.create_git_release("v3", "three", "", draft=True)
    assert [release.tag_name for release in reader.get_releases()] == ["v2.15.0", "v2.14.0"]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("repo:pytorch/tiny is:pr is:open", {PICK, CONFLICT, DRAFT}),
        ("repo:pytorch/other", set()),
        ("is:issue", {ISSUE}),
        ("is:merged", {LANDED}),
        ('milestone:"2.15.0" is:closed', {LANDED}),
        ('label:"triaged"', {ISSUE}),
        ('-label:"triaged" author:ada', {PICK, LANDED}),
        ("base:release/2.15 draft", set()),
        ("base:release/2.15 is:draft", {DRAFT}),
        ("four in:title", {PICK, LANDED}),
        ("comment in:comments", {ISSUE}),
        ("no:milestone", {CONFLICT, DRAFT}),
        ("created:>=2026-10-12", {PICK, CONFLICT, DRAFT}),
        ("created:<2026-10-12", {ISSUE, LANDED}),
        ("review:approved", {PICK}),
        ("https://example.org/nothing", set()),
    ],
)
def test_the_search_understands_its_qualifiers(
    own_site: Site, query: str, numbers: set[int]
) -> None:
    found = own_site.client.search_issues(query)
    assert {issue.number for issue in found} == numbers
    assert found.totalCount == len(numbers)


def test_the_search_ends_after_a_thousand(own_site: Site) -> None:
    repository = only_repository(own_site.forge)
    for number in range(6, 1206):
        repository.issues[number] = Issue(number, number, "many", "", "ada", NOW, NOW)
    found = own_site.client.search_issues("many in:title")
    assert found.totalCount == 1000
    assert len(found.get_page(9)) == 100
    with pytest.raises(GithubException) as beyond:
        found.get_page(10)
    assert refusal(beyond)[0] == 422


def test_permissions_are_told_to_those_who_may_push(own_site: Site) -> None:
    assert own_site.remote.get_collaborator_permission("ada") == "read"
    assert own_site.remote.get_collaborator_role_name("ada") == "triage"
    assert own_site.remote.has_in_collaborators("captain")
    assert not own_site.remote.has_in_collaborators("reader")
    reader = connect(own_site.service.url, READER).get_repo("pytorch/tiny")
    with pytest.raises(GithubException) as hidden:
        reader.get_collaborator_permission("ada")
    assert refusal(hidden)[0] == 403


def _files(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
