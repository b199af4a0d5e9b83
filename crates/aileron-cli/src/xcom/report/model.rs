//! Series of many cells beside each other: what is compared, and where each has its optimum. No I/O.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::series::{Point, Series, kind, series_in};

/// Which end of a series is its optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Optimum {
    /// The greatest number.
    #[default]
    Max,
    /// The smallest number.
    Min,
}

impl Optimum {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Min => "min",
        }
    }

    /// Whether one number is better than another.
    fn is_better(self, one: f64, other: f64) -> bool {
        match self {
            Self::Max => one > other,
            Self::Min => one < other,
        }
    }
}

/// What one task instance pushed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    pub(crate) run_id: String,
    pub(crate) task_id: String,
    /// -1 for a task that is not mapped.
    pub(crate) map_index: i64,
    /// The value, or why it is none.
    pub(crate) value: Result<Value, String>,
}

/// What is asked of a report.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// The optimum of a series.
    pub(crate) optimum: Optimum,
    /// Only these fields; all when there are none.
    pub(crate) fields: Vec<String>,
    /// The field with a name for the cell.
    pub(crate) label: Option<String>,
}

/// The series of all cells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    pub(crate) optimum: Optimum,
    /// One for each field that has a series in some cell; in the order they came.
    pub(crate) measures: Vec<Measure>,
    /// How many cells there are, with those that are missing.
    pub(crate) cells: usize,
    /// Why cells have no series at all, when no cell has one.
    pub(crate) without: Vec<(Place, String)>,
}

/// A field of the values, over all cells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measure {
    /// The field; empty when the value itself is the series.
    pub(crate) field: String,
    /// The labels of the points: all that occur, as numbers in their order when all are numbers.
    pub(crate) points: Vec<String>,
    /// One for each cell.
    pub(crate) rows: Vec<Row>,
    /// How often the optimum is at which point, the most frequent first.
    pub(crate) optima: Vec<(String, usize)>,
    /// The smallest and the greatest number.
    pub(crate) range: Option<(f64, f64)>,
}

/// Which cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) run_id: String,
    pub(crate) task_id: String,
    pub(crate) map_index: i64,
    /// Its name, if it says one.
    pub(crate) label: Option<String>,
}

/// A cell, and what it has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) place: Place,
    pub(crate) content: Content,
}

/// What a cell has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// A series.
    Series(Aligned),
    /// Something else.
    Other(String),
    /// Nothing: another run has this cell.
    Missing,
}

/// A series on the points of its measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aligned {
    /// One for each point of the measure.
    pub(crate) values: Vec<Point>,
    /// Where the optimum is; the first of several that are the same. `None` without a number.
    pub(crate) optimum: Option<usize>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) mean: Option<f64>,
}

impl Aligned {
    fn of(series: &Series, points: &[String], optimum: Optimum) -> Self {
        let known: BTreeMap<&str, Point> = series
            .points
            .iter()
            .map(|(label, point)| (label.as_str(), *point))
            .collect();
        let values: Vec<Point> = points
            .iter()
            .map(|label| known.get(label.as_str()).copied().unwrap_or(Point::Gap))
            .collect();
        let numbers: Vec<f64> = values.iter().filter_map(|point| point.number()).collect();
        let mut best: Option<(usize, f64)> = None;
        for (at, point) in values.iter().enumerate() {
            if let Some(number) = point.number()
                && best.is_none_or(|(_, so_far)| optimum.is_better(number, so_far))
            {
                best = Some((at, number));
            }
        }
        Self {
            optimum: best.map(|(at, _)| at),
            min: numbers.iter().copied().reduce(f64::min),
            max: numbers.iter().copied().reduce(f64::max),
            mean: mean(&numbers),
            values,
        }
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> usize {
        self.values
            .iter()
            .filter(|point| point.number().is_some())
            .count()
    }

    /// How many places have none.
    pub(crate) fn gaps(&self) -> usize {
        self.values
            .iter()
            .filter(|point| **point == Point::Gap)
            .count()
    }

    /// How many places have NaN or an infinity.
    pub(crate) fn not_finite(&self) -> usize {
        self.values
            .iter()
            .filter(|point| **point == Point::NotFinite)
            .count()
    }

    /// The optimum itself.
    pub(crate) fn best(&self) -> Option<f64> {
        self.values.get(self.optimum?)?.number()
    }
}

/// The sum of numbers may be too large for one.
fn mean(numbers: &[f64]) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    let count = numbers.len() as f64;
    Some(numbers.iter().map(|number| number / count).sum())
}

impl Report {
    /// Lines the series of cells up. The order of runs is that in which they come, and so is that of tasks; the cells of a task are in
    /// the order of their map indexes.
    pub(crate) fn of(cells: Vec<Cell>, wanted: &Wanted) -> Self {
        let cells = complete(cells);
        let looked: Vec<Looked> = cells
            .iter()
            .map(|(place, cell)| Looked::at(place, cell.as_ref(), wanted))
            .collect();
        let mut fields: Vec<&str> = Vec::new();
        for found in looked.iter().flat_map(|looked| &looked.series) {
            if !fields.contains(&found.0.as_str()) {
                fields.push(&found.0);
            }
        }
        let measures: Vec<Measure> = fields
            .iter()
            .map(|field| Measure::of(field, &looked, wanted.optimum))
            .collect();
        let without = match measures.is_empty() {
            true => looked
                .iter()
                .map(|looked| (looked.place.clone(), looked.problem.clone()))
                .collect(),
            false => Vec::new(),
        };
        Self {
            optimum: wanted.optimum,
            cells: looked.len(),
            measures,
            without,
        }
    }
}

/// What is in a cell.
struct Looked {
    place: Place,
    series: Vec<(String, Series)>,
    /// What to say where there is no series.
    problem: String,
    is_missing: bool,
}

impl Looked {
    fn at(place: &Place, cell: Option<&Cell>, wanted: &Wanted) -> Self {
        let mut looked = Self {
            place: place.clone(),
            series: Vec::new(),
            problem: "missing".to_owned(),
            is_missing: cell.is_none(),
        };
        match cell.map(|cell| &cell.value) {
            None => {}
            Some(Err(problem)) => looked.problem.clone_from(problem),
            Some(Ok(value)) => {
                looked.place.label = wanted.label.as_ref().and_then(|field| label(value, field));
                kind(value).clone_into(&mut looked.problem);
                let found = series_in(value).into_iter();
                looked.series = found
                    .map(|found| (found.field, found.series))
                    .filter(|(field, _)| wanted.fields.is_empty() || wanted.fields.contains(field))
                    .collect();
            }
        }
        looked
    }
}

/// A text or a number at a field.
fn label(value: &Value, field: &str) -> Option<String> {
    let found = field
        .split('.')
        .try_fold(value, |value, name| value.get(name))?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Every cell that some run has, in every run.
fn complete(cells: Vec<Cell>) -> Vec<(Place, Option<Cell>)> {
    let (mut runs, mut tasks): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut indexes: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for cell in &cells {
        if !runs.contains(&cell.run_id) {
            runs.push(cell.run_id.clone());
        }
        if !tasks.contains(&cell.task_id) {
            tasks.push(cell.task_id.clone());
        }
        indexes
            .entry(cell.task_id.clone())
            .or_default()
            .insert(cell.map_index);
    }
    let mut known: BTreeMap<(String, String, i64), Cell> = BTreeMap::new();
    for cell in cells {
        let name = (cell.run_id.clone(), cell.task_id.clone(), cell.map_index);
        known.entry(name).or_insert(cell);
    }
    let mut all = Vec::new();
    for run_id in &runs {
        for task_id in &tasks {
            for map_index in indexes.get(task_id).into_iter().flatten() {
                let cell = known.remove(&(run_id.clone(), task_id.clone(), *map_index));
                let place = Place {
                    run_id: run_id.clone(),
                    task_id: task_id.clone(),
                    map_index: *map_index,
                    label: None,
                };
                all.push((place, cell));
            }
        }
    }
    all
}

impl Measure {
    fn of(field: &str, looked: &[Looked], optimum: Optimum) -> Self {
        let of_field = |looked: &'_ Looked| -> Option<Series> {
            let found = looked.series.iter().find(|(name, _)| name == field);
            found.map(|(_, series)| series.clone())
        };
        let series: Vec<Option<Series>> = looked.iter().map(of_field).collect();
        let points = points(series.iter().flatten());
        let rows: Vec<Row> = looked
            .iter()
            .zip(&series)
            .map(|(looked, series)| Row {
                place: looked.place.clone(),
                content: match series {
                    Some(series) => Content::Series(Aligned::of(series, &points, optimum)),
                    None if looked.is_missing => Content::Missing,
                    None if looked.series.is_empty() => Content::Other(looked.problem.clone()),
                    None => Content::Other("has other fields".to_owned()),
                },
            })
            .collect();
        Self {
            field: field.to_owned(),
            optima: optima(&rows, &points),
            range: range(&rows),
            points,
            rows,
        }
    }

    /// The series among the rows.
    #[cfg(test)]
    pub(super) fn series(&self) -> impl Iterator<Item = &Aligned> {
        self.rows.iter().filter_map(Row::series)
    }
}

impl Row {
    pub(crate) fn series(&self) -> Option<&Aligned> {
        match &self.content {
            Content::Series(series) => Some(series),
            Content::Other(_) | Content::Missing => None,
        }
    }
}

/// All labels. Numbers are sorted as such; else they stand as they came.
fn points<'a>(series: impl Iterator<Item = &'a Series>) -> Vec<String> {
    let (mut labels, mut seen) = (Vec::new(), BTreeSet::new());
    for (label, _) in series.flat_map(|series| &series.points) {
        if seen.insert(label.clone()) {
            labels.push(label.clone());
        }
    }
    let number = |label: &String| {
        label
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    if labels.iter().all(|label| number(label).is_some()) {
        labels.sort_by(|one, other| {
            let (one, other) = (number(one).unwrap_or(0.0), number(other).unwrap_or(0.0));
            one.total_cmp(&other)
        });
    }
    labels
}

fn optima(rows: &[Row], points: &[String]) -> Vec<(String, usize)> {
    let mut counts = vec![0; points.len()];
    for at in rows
        .iter()
        .filter_map(Row::series)
        .filter_map(|series| series.optimum)
    {
        counts[at] += 1;
    }
    let mut optima: Vec<(String, usize)> = points
        .iter()
        .cloned()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .collect();
    optima.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    optima
}

fn range(rows: &[Row]) -> Option<(f64, f64)> {
    let series = || rows.iter().filter_map(Row::series);
    let min = series().filter_map(|series| series.min).reduce(f64::min)?;
    let max = series().filter_map(|series| series.max).reduce(f64::max)?;
    Some((min, max))
}
