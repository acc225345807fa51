//! Bars as an SVG picture.

use std::fmt::Write as _;

/// One group of bars: a workload and what each server needed.
pub(crate) struct Group {
    pub(crate) title: String,
    /// Name, value, and whether it is one of ours.
    pub(crate) bars: Vec<(String, f64, bool)>,
}

/// Draws each group on a scale of its own: what counts is how servers compare.
pub(crate) fn draw(title: &str, groups: &[Group]) -> String {
    let rows: usize = groups.iter().map(|group| group.bars.len() + 2).sum();
    let height = TOP + rows * ROW;
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"10\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{title}</text>\n"
    );
    let mut y = TOP;
    for group in groups {
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{}\" font-weight=\"bold\">{}</text>",
            y + BASELINE,
            group.title
        );
        y += ROW;
        let values = group.bars.iter().map(|&(_, value, _)| value);
        let longest = values.fold(f64::MIN_POSITIVE, f64::max);
        for (name, value, is_ours) in &group.bars {
            draw_bar(&mut svg, y, name, *value, value / longest, *is_ours);
            y += ROW;
        }
        y += ROW;
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_bar(svg: &mut String, y: usize, name: &str, value: f64, share: f64, is_ours: bool) {
    let length = (share * BAR as f64).max(1.0);
    let colour = if is_ours { "#2a6f97" } else { "#b0b0b0" };
    let middle = y + BASELINE;
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>\n\
         <rect x=\"{LEFT}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{colour}\"/>\n\
         <text x=\"{:.1}\" y=\"{middle}\">{value:.0}</text>\n",
        LEFT - 8,
        y + 3,
        ROW - 5,
        LEFT as f64 + length + 6.0,
    );
}

const WIDTH: usize = 760;
const LEFT: usize = 150;
const BAR: usize = 520;
const TOP: usize = 44;
const ROW: usize = 20;
const BASELINE: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_has_the_longest_bar() {
        let bars = vec![("a".into(), 50.0, true), ("b".into(), 200.0, false)];
        let group = Group {
            title: "fan-out".into(),
            bars,
        };
        let svg = draw("CPU", &[group]);
        assert!(svg.contains("width=\"130.0\"") && svg.contains("width=\"520.0\""));
    }
}
