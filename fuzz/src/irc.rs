//! The grammar of `irc`: lines both ways, and what stands in them.
//!
//! An input is any number of lines. Each is parsed as it is; its parameters are also taken for all
//! that parameters can be.

use linechat_protocol::irc::{
    Capabilities, ChannelKey, ChannelName, ListFilter, MAX_MESSAGE, Mask, Message, ModeChange,
    ModeChanges, ModeString, MonitorRequest, Nickname, Params, Source, Spoken, Subject, Tags,
    Target, WhoxRequest, channel_mode_changes, is_harmless, matches, split, spoken, unformatted,
    user_mode_changes, write_mode_lines,
};

/// Lines, tags, sources, parameters; names, masks, modes, texts, requests.
pub fn grammar(bytes: &[u8]) {
    for line in bytes.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(message) = Message::parse(line) else {
            continue;
        };
        understood(&message);
        tags(message.tags);
        let params = message.params.as_slice();
        modes(params);
        let _ = MonitorRequest::parse(params).map(|request| request.nicknames().count());
        for param in params {
            names(param);
            text(param);
            asked(param);
            masks(param, message.source.map_or("", |source| source.name));
        }
    }
}

/// What is understood is encoded so that it is understood as the same, and then always alike.
fn understood(message: &Message<'_>) {
    let line = encoded(|out| message.encode(out));
    let tags = match message.tags.as_str().len() {
        0 => 0,
        length => length + "@ ".len(),
    };
    assert!(line.len() - tags <= MAX_MESSAGE - 2);
    let is_whole = line.len() - tags < MAX_MESSAGE - 2;
    let again = match Message::parse(&line) {
        Ok(again) => again,
        Err(malformed) => {
            assert!(!is_whole, "{malformed}");
            return;
        }
    };
    if is_whole {
        assert_eq!(encoded(|out| again.encode(out)), line);
        assert!(again == *message || line_has_been_cleaned(message));
    }
    let bare = Message::new(
        "PRIVMSG",
        Params::with_text(&["#a"], message.params.last().unwrap_or("")),
    );
    encoded(|out| bare.encode(out));
}

/// Whether carriage returns and NULs in it are something else on the wire.
fn line_has_been_cleaned(message: &Message<'_>) -> bool {
    let source = message.source.map(|source| source.to_string());
    let mut parts = vec![message.tags.as_str(), message.command];
    parts.extend(source.as_deref());
    parts.extend(message.params.as_slice());
    parts.iter().any(|part| part.contains(['\r', '\0']))
}

fn tags(tags: Tags<'_>) {
    for tag in tags.iter() {
        let value = tag.value.to_string();
        let mut escaped = Vec::new();
        linechat_protocol::irc::escape(&value, &mut escaped);
        let escaped = str::from_utf8(&escaped).expect("UTF-8");
        let wire = format!("{}={escaped}", tag.key);
        let again = Tags::parse(&wire)
            .expect("a tag")
            .get(tag.key)
            .expect("the tag");
        assert_eq!(again.to_string(), value);
        assert!(!tag.is_relayed() || !tag.as_str().contains(['\r', '\0', '\x1b']));
    }
}

fn names(param: &str) {
    let is_one_word = |name: &str| !name.contains([' ', ',', '\r', '\0', '\x07']);
    if let Some(nick) = Nickname::parse(param) {
        assert!(is_one_word(nick.as_str()) && !nick.as_str().contains(['!', '@', '*', '#']));
        assert_eq!(Target::parse(param), Some(Target::User(nick)));
    }
    if let Some(channel) = ChannelName::parse(param) {
        assert!(is_one_word(channel.as_str()));
        assert_eq!(Target::parse(param), Some(Target::Channel(None, channel)));
    }
    if let Some(key) = ChannelKey::parse(param) {
        assert!(is_one_word(key.as_str()));
    }
    assert_eq!(Source::parse(param).to_string(), param);
}

/// Changes are understood as they are shown.
fn modes(params: &[&str]) {
    let changes: Vec<ModeChange<'_>> = channel_mode_changes(params)
        .filter_map(Result::ok)
        .filter(|change| !matches!(change, ModeChange::Show(_)))
        .collect();
    let with_parameter = params
        .len()
        .saturating_sub(1)
        .min(ModeChanges::MAX_WITH_PARAMETER);
    let mut modes = ModeString::default();
    changes.iter().for_each(|change| modes.push(change));
    let shown = modes.to_string();
    let words: Vec<&str> = shown.split(' ').collect();
    if words.len() <= with_parameter {
        let again: Vec<_> = channel_mode_changes(&words)
            .filter_map(Result::ok)
            .collect();
        assert_eq!(again, changes);
    }
    let mut out = Vec::new();
    write_mode_lines(&mut out, |line| line.tag("a", "b"), "#den", &changes);
    for line in out.split_inclusive(|&byte| byte == b'\n') {
        assert!(line.len() <= "@a=b ".len() + MAX_MESSAGE);
    }
    for letters in params {
        assert!(user_mode_changes(letters).count() <= letters.chars().count());
    }
}

/// A mask means what a naive reading of it means.
fn masks(pattern: &str, text: &str) {
    if let Some(mask) = Mask::parse(pattern) {
        assert_eq!(Mask::parse(mask.as_str()).as_ref(), Some(&mask));
        assert!(mask.matches(&Subject::new(text)) == matches(mask.as_str(), text));
    }
    if text.len() <= 128 {
        assert_eq!(
            matches(pattern, text),
            is_matched(pattern.as_bytes(), text.as_bytes())
        );
    }
}

/// What `*` and `?` mean: which ends of the text are still to be matched, letter by letter.
fn is_matched(pattern: &[u8], text: &[u8]) -> bool {
    let mut open = vec![false; text.len() + 1];
    open[0] = true;
    for letter in pattern {
        open = match letter {
            b'*' => (0..=text.len())
                .map(|at| open[..=at].contains(&true))
                .collect(),
            _ => (0..=text.len())
                .map(|at| {
                    let fits = |byte: &u8| *letter == b'?' || letter.eq_ignore_ascii_case(byte);
                    at > 0 && open[at - 1] && fits(&text[at - 1])
                })
                .collect(),
        };
    }
    open[text.len()]
}

fn text(text: &str) {
    let plain = unformatted(text);
    assert_eq!(unformatted(&plain), plain, "formatting is left");
    match spoken(text) {
        Ok(Spoken::Text(said)) => assert!(said == text && is_harmless(said)),
        Ok(Spoken::Action(said)) => assert!(is_harmless(said)),
        Ok(Spoken::Ctcp { command, params }) => {
            assert!(is_harmless(command) && is_harmless(params));
        }
        Err(_) => assert!(!is_harmless(text)),
    }
    for max in [4, 7, 32] {
        let mut rest = text;
        for piece in split(text, max) {
            assert!(piece.len() <= max);
            rest = rest.strip_prefix(piece).expect("the pieces in their order");
            rest = rest.strip_prefix(' ').unwrap_or(rest);
        }
        assert_eq!(rest, "");
    }
}

fn asked(param: &str) {
    let _ = ListFilter::parse(param).admits_name(&Subject::new("#den"));
    if let Some(request) = WhoxRequest::parse(param) {
        assert!(
            request
                .token()
                .parse::<u16>()
                .is_ok_and(|token| token < 1000)
        );
        assert!(request.fields().count() <= 13);
    }
    let mut enabled = Capabilities::BATCH;
    let before = enabled;
    match enabled.apply(param) {
        Ok(()) => assert!(Capabilities::ALL.has(enabled)),
        Err(_) => assert_eq!(enabled, before),
    }
}

/// One line, without its ending.
#[track_caller]
fn encoded(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut line = Vec::new();
    encode(&mut line);
    let content = line.strip_suffix(b"\r\n").expect("the ending");
    assert!(
        !content.iter().any(|byte| b"\r\n\0".contains(byte)),
        "more than a line"
    );
    content.to_vec()
}
