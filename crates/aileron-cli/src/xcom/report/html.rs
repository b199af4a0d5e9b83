//! A report as one page that needs nothing else.
//!
//! What comes from XComs is text of the page and nothing more: it is escaped, and a policy in the page allows no script but its own,
//! and no request at all.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::model::{Aligned, Content, Measure, Report, Row};
use super::number::number_text;
use super::series::Point;
use super::shown_place;
use crate::stored::index_text;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Of a curve, in pixels.
const WIDTH: f64 = 180.0;
const HEIGHT: f64 = 34.0;
const MARGIN: f64 = 4.0;

/// Over how many points the table of all values is left out.
const COLUMNS: usize = 100;

/// How many points of optima are drawn.
const OPTIMA: usize = 8;

/// A cell of the table that has nothing to show.
const NOTHING: &str = "<td class=\"n\" data-sort=\"\">-</td>";

/// The page. `title` says what is reported.
pub(super) fn page(report: &Report, title: &str) -> String {
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = write_page(&mut out, report, title);
    out
}

fn write_page(out: &mut String, report: &Report, title: &str) -> std::fmt::Result {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    let title = escape(title);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    )?;
    writeln!(
        out,
        "<p class=\"dim\">{} cells; the optimum is the {}</p>",
        report.cells,
        match report.optimum {
            super::model::Optimum::Max => "greatest number",
            super::model::Optimum::Min => "smallest number",
        }
    )?;
    for measure in &report.measures {
        of_measure(out, report, measure)?;
    }
    if report.measures.is_empty() {
        out.push_str("<h2>no cell has numbers</h2>\n<ul>\n");
        for (place, why) in &report.without {
            writeln!(
                out,
                "<li>{}: {}</li>",
                escape(&shown_place(place)),
                escape(why)
            )?;
        }
        out.push_str("</ul>\n");
    }
    write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// Text as text of the page, also between quotes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            character if character.is_control() && character != '\n' => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
    out
}

fn of_measure(out: &mut String, report: &Report, measure: &Measure) -> std::fmt::Result {
    let name = match measure.field.as_str() {
        "" => "value",
        field => field,
    };
    let range = measure.range.map_or(String::new(), |(min, max)| {
        format!(", from {} to {}", number_text(min), number_text(max))
    });
    writeln!(
        out,
        "<section>\n<h2>{}</h2>\n<p class=\"dim\">{} points{range}</p>",
        escape(name),
        measure.points.len()
    )?;
    optima(out, report, measure)?;
    table(out, measure)?;
    if (2..=COLUMNS).contains(&measure.points.len()) {
        values(out, measure)?;
    }
    out.push_str("</section>\n");
    Ok(())
}

/// How often the optimum is where.
fn optima(out: &mut String, report: &Report, measure: &Measure) -> std::fmt::Result {
    let with: usize = measure.optima.iter().map(|(_, count)| count).sum();
    if measure.points.len() < 2 || with == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "<p>Where the {} is, of {with} cells:</p>\n<div class=\"bars\">",
        report.optimum.word()
    )?;
    for (point, count) in measure.optima.iter().take(OPTIMA) {
        let part = 100 * count / with;
        // A policy without inline styles: the width is an attribute of the drawing.
        writeln!(
            out,
            "<span>{}</span><svg width=\"100%\" height=\"10\"><rect class=\"best\" width=\"{part}%\" height=\"10\" rx=\"3\"/></svg><span>{count}</span>",
            escape(point)
        )?;
    }
    out.push_str("</div>\n");
    if let Some(more @ 1..) = measure.optima.len().checked_sub(OPTIMA) {
        writeln!(out, "<p class=\"dim\">and {more} other points</p>")?;
    }
    Ok(())
}

fn table(out: &mut String, measure: &Measure) -> std::fmt::Result {
    let has_labels = measure.rows.iter().any(|row| row.place.label.is_some());
    out.push_str("<div class=\"wide\"><table class=\"sortable\">\n<thead><tr>");
    let mut head = vec![("run", "text"), ("task", "text"), ("map index", "number")];
    if has_labels {
        head.push(("name", "text"));
    }
    head.extend([
        ("points", "number"),
        ("min", "number"),
        ("mean", "number"),
        ("max", "number"),
        ("optimum at", "text"),
    ]);
    for (name, kind) in head {
        let class = if kind == "number" { " class=\"n\"" } else { "" };
        write!(
            out,
            "<th{class} data-kind=\"{kind}\"><button type=\"button\">{name}</button></th>"
        )?;
    }
    out.push_str("<th>curve</th></tr></thead>\n<tbody>\n");
    for row in &measure.rows {
        write!(out, "<tr>")?;
        place(out, row, has_labels)?;
        numbers(out, row, measure)?;
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    Ok(())
}

fn place(out: &mut String, row: &Row, has_labels: bool) -> std::fmt::Result {
    let place = &row.place;
    write!(
        out,
        "<td>{}</td><td>{}</td><td class=\"n\" data-sort=\"{}\">{}</td>",
        escape(&place.run_id),
        escape(&place.task_id),
        place.map_index,
        index_text(place.map_index)
    )?;
    if has_labels {
        write!(
            out,
            "<td>{}</td>",
            escape(place.label.as_deref().unwrap_or("-"))
        )?;
    }
    Ok(())
}

fn numbers(out: &mut String, row: &Row, measure: &Measure) -> std::fmt::Result {
    let why = match &row.content {
        Content::Series(series) => return series_cells(out, series, measure),
        Content::Other(what) => what.as_str(),
        Content::Missing => "missing",
    };
    for _ in 0..4 {
        out.push_str(NOTHING);
    }
    write!(out, "<td>-</td><td class=\"dim\">{}</td>", escape(why))
}

fn series_cells(out: &mut String, series: &Aligned, measure: &Measure) -> std::fmt::Result {
    write!(
        out,
        "<td class=\"n\" data-sort=\"{0}\">{0}</td>",
        series.count()
    )?;
    for value in [series.min, series.mean, series.max] {
        number(out, value, "n")?;
    }
    match series.optimum {
        Some(at) => write!(
            out,
            "<td class=\"best\">{}</td>",
            escape(&measure.points[at])
        )?,
        None => out.push_str("<td>-</td>"),
    }
    out.push_str("<td class=\"curves\">");
    curve(out, series)?;
    let lost = [
        (series.gaps(), "missing"),
        (series.not_finite(), "not finite"),
    ];
    for (count, what) in lost.into_iter().filter(|(count, _)| *count > 0) {
        write!(out, " <span class=\"dim\">{count} {what}</span>")?;
    }
    out.push_str("</td>");
    Ok(())
}

fn number(out: &mut String, value: Option<f64>, class: &str) -> std::fmt::Result {
    match value {
        Some(value) => write!(
            out,
            "<td class=\"{class}\" data-sort=\"{value}\">{}</td>",
            number_text(value)
        ),
        None => {
            out.push_str(NOTHING);
            Ok(())
        }
    }
}

/// A small drawing: a line that is broken where there is no number, and a dot at the optimum.
fn curve(out: &mut String, series: &Aligned) -> std::fmt::Result {
    let (Some(min), Some(max)) = (series.min, series.max) else {
        return Ok(());
    };
    let last = series.values.len().saturating_sub(1).max(1) as f64;
    let spot = |at: usize, number: f64| {
        let x = MARGIN + (WIDTH - 2.0 * MARGIN) * at as f64 / last;
        // Halved first: the distance of two large numbers may be none.
        let part = (number / 2.0 - min / 2.0) / (max / 2.0 - min / 2.0);
        let part = if part.is_finite() { part } else { 0.5 };
        (x, HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * part)
    };
    write!(
        out,
        "<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"from {} to {}\">",
        number_text(min),
        number_text(max)
    )?;
    let mut stretch: Vec<(f64, f64)> = Vec::new();
    for (at, point) in series.values.iter().enumerate() {
        match point.number() {
            Some(number) => stretch.push(spot(at, number)),
            None => line(out, &std::mem::take(&mut stretch))?,
        }
    }
    line(out, &stretch)?;
    if let (Some(at), Some(best)) = (series.optimum, series.best()) {
        let (x, y) = spot(at, best);
        write!(
            out,
            "<circle class=\"best\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"
        )?;
    }
    out.push_str("</svg>");
    Ok(())
}

fn line(out: &mut String, stretch: &[(f64, f64)]) -> std::fmt::Result {
    match stretch {
        [] => Ok(()),
        [(x, y)] => write!(
            out,
            "<circle class=\"point\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.5\"/>"
        ),
        points => {
            out.push_str("<polyline class=\"curve\" points=\"");
            for (x, y) in points {
                write!(out, "{x:.1},{y:.1} ")?;
            }
            out.push_str("\"/>");
            Ok(())
        }
    }
}

/// All values, a column for each point.
fn values(out: &mut String, measure: &Measure) -> std::fmt::Result {
    out.push_str("<details><summary>all values</summary><div class=\"wide\"><table class=\"sortable\">\n<thead><tr>");
    out.push_str("<th data-kind=\"text\"><button type=\"button\">cell</button></th>");
    for point in &measure.points {
        write!(
            out,
            "<th class=\"n\" data-kind=\"number\"><button type=\"button\">{}</button></th>",
            escape(point)
        )?;
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &measure.rows {
        let Some(series) = row.series() else { continue };
        write!(out, "<tr><td>{}</td>", escape(&shown_place(&row.place)))?;
        for (at, point) in series.values.iter().enumerate() {
            let class = if series.optimum == Some(at) {
                "n best"
            } else {
                "n"
            };
            match point {
                Point::NotFinite => {
                    out.push_str("<td class=\"n dim\" data-sort=\"\">not finite</td>")
                }
                point => number(out, point.number(), class)?,
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div></details>\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::xcom::report::model::{Cell, Wanted};

    const EVIL: &str = "</script><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";

    fn report(text: &str) -> Report {
        let cell = |map_index, value| Cell {
            run_id: text.to_owned(),
            task_id: text.to_owned(),
            map_index,
            value,
        };
        let wanted = Wanted {
            label: Some("name".to_owned()),
            ..Wanted::default()
        };
        let value = json!({"name": text, text: {"a": 1, text: 2, "n": null}, "scalar": 3});
        let cells = vec![
            cell(0, Ok(value)),
            cell(1, Ok(json!(text))),
            cell(2, Err(text.to_owned())),
        ];
        Report::of(cells, &wanted)
    }

    #[test]
    fn values_are_text_of_the_page_and_nothing_more() {
        let page = page(&report(EVIL), EVIL);
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("</script").count(), 1);
        assert!(!page.contains("<img"));
        assert!(
            page.contains("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;")
        );
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = page(&report("r"), "t");
        for from_elsewhere in ["http:", "https:", "src=", "href=", "@import", "url("] {
            assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
        }
        assert!(page.contains("default-src 'none'"));
        assert!(!SCRIPT.contains("innerHTML") && !page.contains(" style="));
    }

    proptest! {
        #[test]
        fn no_text_gets_out_of_its_place(text in ".*") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let page = page(&report(&text), &text);
            prop_assert_eq!(page.matches("<script").count(), 1);
            prop_assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
        }
    }
}
