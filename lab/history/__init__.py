"""The History of one run, and its file `history.jsonl`: one JSON object a line, the first being the Header.

A line is written at the moment of its observation: after a kill, the history is whole up to its last line. The classes
of all observations can be imported from here; `KINDS` has them by name.
"""

from lab.history.brokers_seen import *  # noqa: F403
from lab.history.checksum import damage as damage
from lab.history.clients_seen import *  # noqa: F403
from lab.history.follower import Follower as Follower
from lab.history.network_seen import *  # noqa: F403
from lab.history.observation import *  # noqa: F403
from lab.history.observed import *  # noqa: F403
from lab.history.reading import KINDS as KINDS
from lab.history.reading import History as History
from lab.history.reading import observations as observations
from lab.history.reading import read as read
from lab.history.shared_file import SharedHistory as SharedHistory
from lab.history.writing import HistoryFile as HistoryFile
from lab.history.writing import MemoryRecorder as MemoryRecorder
from lab.history.writing import Recorder as Recorder
from lab.history.writing import Tee as Tee
from lab.history.writing import line as line
from lab.history.writing import lines as lines
