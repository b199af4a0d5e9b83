//! A notation for tables, and the SQLite text it stands for.
//!
//! A column is not null unless [`Table::nullable`] follows it. Methods that qualify something
//! (`nullable`, `default`, `on_delete`, `only_where`) speak of what was named last.

use std::fmt::Write;

/// A table and its indexes.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    columns: Vec<Column>,
    constraints: Vec<Constraint>,
    indexes: Vec<Index>,
}

#[derive(Debug)]
struct Column {
    name: &'static str,
    kind: String,
    default: Option<&'static str>,
    nullable: bool,
    serial: bool,
}

#[derive(Debug)]
struct Constraint {
    name: &'static str,
    rule: String,
}

#[derive(Debug)]
struct Index {
    name: &'static str,
    columns: &'static [&'static str],
    unique: bool,
    only_where: Option<&'static str>,
}

/// Begins a table.
pub(super) fn table(name: &'static str) -> Table {
    Table {
        name,
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
    }
}

/// Types.
impl Table {
    fn column(mut self, name: &'static str, kind: impl Into<String>) -> Self {
        self.columns.push(Column {
            name,
            kind: kind.into(),
            default: None,
            nullable: false,
            serial: false,
        });
        self
    }

    /// A key that counts up and is never used again, even after a row was deleted.
    pub(super) fn serial(mut self, name: &'static str) -> Self {
        self = self.column(name, "INTEGER");
        if let Some(column) = self.columns.last_mut() {
            column.serial = true;
        }
        self
    }

    pub(super) fn integer(self, name: &'static str) -> Self {
        self.column(name, "INTEGER")
    }

    pub(super) fn float(self, name: &'static str) -> Self {
        self.column(name, "FLOAT")
    }

    pub(super) fn boolean(self, name: &'static str) -> Self {
        self.column(name, "BOOLEAN")
    }

    pub(super) fn string(self, name: &'static str, characters: u16) -> Self {
        self.column(name, format!("VARCHAR({characters})"))
    }

    pub(super) fn text(self, name: &'static str) -> Self {
        self.column(name, "TEXT")
    }

    pub(super) fn uuid(self, name: &'static str) -> Self {
        self.column(name, "CHAR(32)")
    }

    pub(super) fn json(self, name: &'static str) -> Self {
        self.column(name, "JSON")
    }

    pub(super) fn bytes(self, name: &'static str) -> Self {
        self.column(name, "BLOB")
    }

    pub(super) fn time(self, name: &'static str) -> Self {
        self.column(name, "TIMESTAMP")
    }

    /// A time too; one column of Airflow's is declared with another word.
    pub(super) fn datetime(self, name: &'static str) -> Self {
        self.column(name, "DATETIME")
    }

    pub(super) fn nullable(mut self) -> Self {
        if let Some(column) = self.columns.last_mut() {
            column.nullable = true;
        }
        self
    }

    pub(super) fn default(mut self, literal: &'static str) -> Self {
        if let Some(column) = self.columns.last_mut() {
            column.default = Some(literal);
        }
        self
    }
}

/// Rules.
impl Table {
    fn constraint(mut self, name: &'static str, rule: String) -> Self {
        self.constraints.push(Constraint { name, rule });
        self
    }

    pub(super) fn primary_key(self, name: &'static str, columns: &[&str]) -> Self {
        self.constraint(name, format!("PRIMARY KEY ({})", list(columns)))
    }

    pub(super) fn unique(self, name: &'static str, columns: &[&str]) -> Self {
        self.constraint(name, format!("UNIQUE ({})", list(columns)))
    }

    pub(super) fn check(self, name: &'static str, condition: &str) -> Self {
        self.constraint(name, format!("CHECK ({condition})"))
    }

    pub(super) fn foreign_key(
        self,
        name: &'static str,
        columns: &[&str],
        table: &str,
        of: &[&str],
    ) -> Self {
        let rule = format!(
            "FOREIGN KEY({}) REFERENCES {} ({})",
            list(columns),
            quoted(table),
            list(of)
        );
        self.constraint(name, rule)
    }

    pub(super) fn on_delete(self, action: &str) -> Self {
        self.on("DELETE", action)
    }

    pub(super) fn on_update(self, action: &str) -> Self {
        self.on("UPDATE", action)
    }

    fn on(mut self, event: &str, action: &str) -> Self {
        if let Some(constraint) = self.constraints.last_mut() {
            constraint.rule.push_str(&format!(" ON {event} {action}"));
        }
        self
    }

    pub(super) fn index(self, name: &'static str, columns: &'static [&'static str]) -> Self {
        self.indexed(name, columns, false)
    }

    pub(super) fn unique_index(self, name: &'static str, columns: &'static [&'static str]) -> Self {
        self.indexed(name, columns, true)
    }

    fn indexed(
        mut self,
        name: &'static str,
        columns: &'static [&'static str],
        unique: bool,
    ) -> Self {
        self.indexes.push(Index {
            name,
            columns,
            unique,
            only_where: None,
        });
        self
    }

    pub(super) fn only_where(mut self, condition: &'static str) -> Self {
        if let Some(index) = self.indexes.last_mut() {
            index.only_where = Some(condition);
        }
        self
    }
}

/// Text.
impl Table {
    /// The statements that make the table on SQLite, in order.
    pub(crate) fn sqlite(&self) -> Vec<String> {
        let parts: Vec<String> = self
            .columns
            .iter()
            .map(Column::sqlite)
            .chain(self.constraints.iter().map(Constraint::sqlite))
            .collect();
        let create = format!(
            "CREATE TABLE {} (\n\t{}\n)",
            quoted(self.name),
            parts.join(", \n\t")
        );
        let mut statements = vec![create];
        statements.extend(self.indexes.iter().map(|index| index.sqlite(self.name)));
        statements
    }
}

impl Column {
    fn sqlite(&self) -> String {
        let mut text = format!("{} {}", quoted(self.name), self.kind);
        if let Some(default) = self.default {
            let _ = write!(text, " DEFAULT {default}");
        }
        if !self.nullable {
            text.push_str(" NOT NULL");
        }
        if self.serial {
            text.push_str(" PRIMARY KEY AUTOINCREMENT");
        }
        text
    }
}

impl Constraint {
    fn sqlite(&self) -> String {
        format!("CONSTRAINT {} {}", quoted(self.name), self.rule)
    }
}

impl Index {
    fn sqlite(&self, table: &str) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let mut text = format!(
            "CREATE {unique}INDEX {} ON {} ({})",
            quoted(self.name),
            quoted(table),
            list(self.columns)
        );
        if let Some(condition) = self.only_where {
            let _ = write!(text, " WHERE {condition}");
        }
        text
    }
}

/// Quotes a name that SQL would not take as it is.
fn quoted(name: &str) -> String {
    match name {
        "group" | "key" | "trigger" | "dag.dag_id" => format!("\"{name}\""),
        _ => name.to_owned(),
    }
}

fn list(columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    columns.join(", ")
}
