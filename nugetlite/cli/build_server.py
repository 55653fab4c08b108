"""What TeamCity and Azure Pipelines read from the output of a step: their service messages."""

from __future__ import annotations

from collections.abc import Mapping

TEAMCITY = {
    "|": "||",
    "'": "|'",
    "[": "|[",
    "]": "|]",
    "\n": "|n",
    "\r": "|r",
    "\x85": "|x",
    "\u2028": "|l",
    "\u2029": "|p",
}
AZURE = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}


class Announcer:
    """Nobody listens."""

    def message(self, sentence: str) -> str:
        """The line that tells of something; empty for none."""
        return ""

    def error(self, sentence: str) -> str:
        """The line that tells that something went wrong; empty for none."""
        return ""


class TeamCity(Announcer):
    """TeamCity, by its service messages."""

    def message(self, sentence: str) -> str:
        """A line of the build log."""
        return f"##teamcity[message text='{_escaped(sentence, TEAMCITY)}' status='NORMAL']"

    def error(self, sentence: str) -> str:
        """An error in the build log."""
        return f"##teamcity[message text='{_escaped(sentence, TEAMCITY)}' status='ERROR']"


class AzurePipelines(Announcer):
    """Azure Pipelines, by its logging commands."""

    def message(self, sentence: str) -> str:
        """A line that can be searched for."""
        return f"##[section]{_escaped(sentence, AZURE)}"

    def error(self, sentence: str) -> str:
        """An error of the step."""
        return f"##vso[task.logissue type=error]{_escaped(sentence, AZURE)}"


def announcer(environment: Mapping[str, str]) -> Announcer:
    """The build server that runs us, by the variables that it sets."""
    if environment.get("TEAMCITY_VERSION"):
        return TeamCity()
    return AzurePipelines() if environment.get("TF_BUILD") else Announcer()


def _escaped(sentence: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in sentence)
