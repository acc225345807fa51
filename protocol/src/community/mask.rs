//! Masks of names: `*` stands for anything, `?` for one character.

/// Whether `mask` is one of `text`, without regard to the case of ASCII letters.
///
/// Takes at most as many steps as the product of both lengths, whatever the mask.
pub(crate) fn matches(mask: &str, text: &str) -> bool {
    let (mut mask_rest, mut text_rest) = (mask, text);
    // Where to go on if what follows the last star does not fit here.
    let mut retry: Option<(&str, &str)> = None;
    loop {
        let mut mask_chars = mask_rest.chars();
        let mut text_chars = text_rest.chars();
        match (mask_chars.next(), text_chars.next()) {
            (Some('*'), _) => {
                mask_rest = mask_chars.as_str();
                retry = Some((mask_rest, text_rest));
                continue;
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted.eq_ignore_ascii_case(&found) => {
                mask_rest = mask_chars.as_str();
                text_rest = text_chars.as_str();
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((mask_after_star, skipped)) = retry else {
            return false;
        };
        let mut longer = skipped.chars();
        if longer.next().is_none() {
            return false;
        }
        mask_rest = mask_after_star;
        text_rest = longer.as_str();
        retry = Some((mask_after_star, text_rest));
    }
}
