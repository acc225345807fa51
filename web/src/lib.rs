//! The page of linechat: a chat client for browsers, as the bytes that a server hands out.
//!
//! The page speaks IRC over WebSocket to `ws` beside it, asks nobody else for anything, and needs no
//! build: what a browser gets is what is in this folder. `README.md` there tells how it is put together.
//!
//! ```
//! let page = linechat_web::ASSETS.iter().find(|asset| asset.path == "/").unwrap();
//! assert_eq!(page.content_type, "text/html; charset=utf-8");
//! ```

#![no_std]
#![forbid(unsafe_code)]

/// One file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The path it has on the server, such as `/chat.css`; the page itself is `/`.
    pub path: &'static str,
    /// The value of its `Content-Type`.
    pub content_type: &'static str,
    /// Its bytes.
    pub body: &'static [u8],
}

/// The page and what belongs to it: at most 64 KiB in all.
pub static ASSETS: &[Asset] = &[
    asset("/", HTML, include_bytes!("../index.html")),
    asset("/chat.css", CSS, include_bytes!("../chat.css")),
    asset("/commands.js", SCRIPT, include_bytes!("../commands.js")),
    asset("/icon.svg", "image/svg+xml", include_bytes!("../icon.svg")),
    asset("/irc.js", SCRIPT, include_bytes!("../irc.js")),
    asset("/replies.js", SCRIPT, include_bytes!("../replies.js")),
    asset("/room.js", SCRIPT, include_bytes!("../room.js")),
    asset("/session.js", SCRIPT, include_bytes!("../session.js")),
    asset("/text.js", SCRIPT, include_bytes!("../text.js")),
    asset("/view.js", SCRIPT, include_bytes!("../view.js")),
];

const fn asset(path: &'static str, content_type: &'static str, body: &'static [u8]) -> Asset {
    Asset {
        path,
        content_type,
        body,
    }
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{fs, str};

    use super::*;

    #[test]
    fn the_page_is_small() {
        let size: usize = ASSETS.iter().map(|asset| asset.body.len()).sum();
        assert!(size <= 64 * 1024, "{size} bytes");
    }

    #[test]
    fn every_file_of_the_page_is_handed_out() {
        let ours = ["html", "css", "js", "svg"];
        let files = fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        for name in names.filter(|name| ours.iter().any(|end| name.ends_with(end))) {
            let path = std::format!("/{}", name.replace("index.html", ""));
            assert!(ASSETS.iter().any(|asset| asset.path == path), "{path}");
        }
    }

    #[test]
    fn the_page_has_no_script_and_no_style_within() {
        let page = str::from_utf8(ASSETS[0].body).unwrap();
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains(r#"<script type="module" src="view.js"></script>"#));
        for word in ["<style", " style=", " onclick=", " onload="] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn no_script_makes_markup_of_text() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type == SCRIPT) {
            let script = str::from_utf8(asset.body).unwrap();
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
            ] {
                assert!(!script.contains(word), "{} has {word}", asset.path);
            }
        }
    }
}
