//! What is asked of JetStream, and what it answers.
//!
//! <https://docs.nats.io/reference/reference-protocols/nats_api_reference>

use alloc::format;
use alloc::string::String;

use crate::link::json::Json;

/// How the streams and the subjects of one community are called.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The stream of the log.
    pub(crate) log: String,
    /// The stream of the snapshots.
    pub(crate) snapshots: String,
    /// Where entries are published.
    pub(crate) entries: String,
    /// Where entries come back from, once they are in the log.
    pub(crate) republished: String,
    /// Where servers say that they are there.
    pub(crate) beats: String,
    /// Where it is said what the last snapshot is.
    pub(crate) head: String,
    /// Where the parts of snapshots are, and the head: what is behind it says which.
    parts: String,
}

impl Names {
    pub(crate) fn new(community: &str) -> Self {
        Self {
            log: format!("linechat_{community}"),
            snapshots: format!("linechat-snapshots_{community}"),
            entries: format!("linechat.{community}.log"),
            republished: format!("linechat.{community}.read"),
            beats: format!("linechat.{community}.beat"),
            head: format!("linechat.{community}.snapshot.head"),
            parts: format!("linechat.{community}.snapshot"),
        }
    }

    /// Where a part of the snapshot is that was made after this message of the log.
    pub(crate) fn chunk(&self, sequence: u64, chunk: u32) -> String {
        format!("{}.{sequence}.{chunk}", self.parts)
    }

    fn all_of_snapshots(&self) -> String {
        format!("{}.>", self.parts)
    }
}

/// A request for what a stream is.
pub(crate) fn info_subject(stream: &str) -> String {
    format!("$JS.API.STREAM.INFO.{stream}")
}

pub(crate) fn create_subject(stream: &str) -> String {
    format!("$JS.API.STREAM.CREATE.{stream}")
}

/// A request for a message of a stream, of any server that has a copy.
pub(crate) fn get_subject(stream: &str) -> String {
    format!("$JS.API.DIRECT.GET.{stream}")
}

/// The first message of a subject that has this sequence or a later one.
pub(crate) fn get_from(sequence: u64, subject: &str) -> String {
    format!(r#"{{"seq":{sequence},"next_by_subj":"{subject}"}}"#)
}

/// The last message of a subject.
pub(crate) fn get_last(subject: &str) -> String {
    format!(r#"{{"last_by_subj":"{subject}"}}"#)
}

/// The stream of the log: bounded, the oldest entries go first.
pub(crate) fn log_config(names: &Names, replicas: u8) -> String {
    let (stream, entries, republished) = (&names.log, &names.entries, &names.republished);
    let rest = config(replicas);
    format!(
        r#"{{"name":"{stream}","subjects":["{entries}"],"max_msgs":{MAX_ENTRIES},"max_bytes":{MAX_BYTES},"max_msgs_per_subject":-1,"republish":{{"src":"{entries}","dest":"{republished}"}},{rest}}}"#
    )
}

/// The stream of the snapshots: the last ones, since the oldest parts go first.
pub(crate) fn snapshots_config(names: &Names, replicas: u8) -> String {
    let (stream, subjects) = (&names.snapshots, names.all_of_snapshots());
    let rest = config(replicas);
    format!(
        r#"{{"name":"{stream}","subjects":["{subjects}"],"max_msgs":{MAX_PARTS},"max_bytes":{MAX_BYTES},"max_msgs_per_subject":1,{rest}}}"#
    )
}

fn config(replicas: u8) -> String {
    format!(
        r#""retention":"limits","max_consumers":-1,"max_age":0,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":{replicas},"duplicate_window":{DUPLICATE_WINDOW},"allow_direct":true"#
    )
}

/// What a stream is, as JetStream answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamInfo {
    /// When it was made: another one of the same name is another stream.
    pub(crate) created: String,
    /// The sequence of the first message that it still has; one more than the last if it has none.
    pub(crate) first: u64,
    /// The sequence of the last message that it was given.
    pub(crate) last: u64,
    /// It is as [`log_config`] and [`snapshots_config`] have it.
    pub(crate) fits: bool,
}

/// Why JetStream does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: u64,
    /// Which of all errors it is.
    number: u64,
    pub(crate) description: String,
}

impl ApiError {
    pub(crate) fn is_not_found(&self) -> bool {
        self.code == 404
    }
}

/// Reads the answer to a request for a stream. `None` for what is no answer.
pub(crate) fn stream_info(answer: &[u8]) -> Option<Result<StreamInfo, ApiError>> {
    let json = Json::parse(core::str::from_utf8(answer).ok()?)?;
    if let Some(error) = error(json) {
        return Some(Err(error));
    }
    let (state, config) = (json.get("state")?, json.get("config")?);
    let number = |name| state.get(name).and_then(Json::number);
    let last = number("last_seq")?;
    let first = match number("messages")? {
        0 => last.saturating_add(1),
        _ => number("first_seq")?,
    };
    let is_direct = config.get("allow_direct").is_some_and(Json::is_true);
    Some(Ok(StreamInfo {
        created: json.get("created")?.text()?,
        first,
        last,
        fits: is_direct,
    }))
}

/// Reads the answer to what was published: its sequence in the stream. `None` for what is no answer,
/// and while JetStream has yet to decide on what was published before under the same id: later
/// versions say so, and 2.10 says that it is stored, at no place.
pub(crate) fn published(answer: &[u8]) -> Option<Result<u64, ApiError>> {
    let json = Json::parse(core::str::from_utf8(answer).ok()?)?;
    match error(json) {
        Some(error) if error.number == IN_PROCESS => None,
        Some(error) => Some(Err(error)),
        None => json.get("seq")?.number().filter(|&it| it > 0).map(Ok),
    }
}

fn error(json: Json<'_>) -> Option<ApiError> {
    let error = json.get("error")?;
    let description = error.get("description").and_then(Json::text);
    let number = |name| error.get(name).and_then(Json::number).unwrap_or_default();
    Some(ApiError {
        code: number("code"),
        number: number("err_code"),
        description: description.unwrap_or_default(),
    })
}

/// "Duplicate message id is in process", since NATS 2.11.
const IN_PROCESS: u64 = 10158;
/// How many messages the log keeps. Servers that begin read a [snapshot](crate::link) and what came
/// after it, which is a small part of this.
const MAX_ENTRIES: u32 = 100_000;
/// How many parts of snapshots are kept: more than two of the largest have.
const MAX_PARTS: u32 = 10_000;
/// How many bytes each of the two streams keeps.
const MAX_BYTES: u32 = 512 << 20;
/// For how long JetStream knows a message that it has by its id: two minutes, in nanoseconds.
const DUPLICATE_WINDOW: u64 = 120_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_known_by_when_it_was_made_and_what_it_has() {
        let answer =
            br#"{"type":"io.nats.jetstream.api.v1.stream_info_response","config":{"name":"s",
            "allow_direct":true},"created":"2026-11-21T19:00:00Z","state":{"messages":3,"bytes":9,
            "first_seq":4,"last_seq":6},"cluster":{"leader":"a"}}"#;
        let expected = StreamInfo {
            created: "2026-11-21T19:00:00Z".into(),
            first: 4,
            last: 6,
            fits: true,
        };
        assert_eq!(stream_info(answer), Some(Ok(expected)));
    }

    #[test]
    fn an_error_says_what_it_is() {
        let answer = br#"{"error":{"code":404,"err_code":10059,"description":"stream not found"}}"#;
        let error = stream_info(answer).unwrap().unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(error.description, "stream not found");
        assert!(published(answer).unwrap().is_err());
        assert_eq!(published(br#"{"stream":"s","seq":7}"#), Some(Ok(7)));
        assert_eq!(published(b"nonsense"), None);
    }

    #[test]
    fn what_is_in_process_is_neither_stored_nor_refused() {
        for answer in [
            r#"{"stream":"s", "seq":0,"duplicate": true}"#,
            r#"{"error":{"code":409,"err_code":10158,"description":"duplicate message id is in process"},"stream":"s","seq":0}"#,
        ] {
            assert_eq!(published(answer.as_bytes()), None);
        }
    }

    #[test]
    fn what_is_asked_for_is_json() {
        let names = Names::new("club");
        for request in [
            log_config(&names, 3),
            snapshots_config(&names, 1),
            get_from(7, &names.entries),
            get_last(&names.head),
        ] {
            assert!(Json::parse(&request).is_some(), "{request}");
        }
    }
}
