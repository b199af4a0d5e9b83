//! The keys of Variables, page by page.

use std::collections::VecDeque;

use aileron_wire::message::{GetVariableKeys, VariableKeysResult};

use super::Context;
use crate::{Error, Result};

/// How many keys a page has, as for Python tasks.
const PAGE: i64 = 1_000;

/// The keys of Variables under a prefix, in alphabetical order. See [`Variables::keys`](crate::Variables::keys).
///
/// A page of a thousand keys is asked for when the one before is used up. Variables that are added or deleted meanwhile may shift a
/// key over the edge of a page.
#[must_use = "nothing is asked before `.next().await` or `.all().await`"]
#[derive(Debug)]
pub struct VariableKeys<'a> {
    context: &'a Context,
    prefix: Option<String>,
    offset: i64,
    page: VecDeque<String>,
    done: bool,
}

impl<'a> VariableKeys<'a> {
    pub(super) fn new(context: &'a Context, prefix: &str) -> Self {
        Self {
            context,
            prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
            offset: 0,
            page: VecDeque::new(),
            done: false,
        }
    }

    /// The next key, or `None` after the last.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    #[allow(clippy::should_implement_trait)] // It is async.
    pub async fn next(&mut self) -> Result<Option<String>> {
        if self.page.is_empty() && !self.done {
            self.load().await?;
        }
        Ok(self.page.pop_front())
    }

    /// Every key that is left.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn all(mut self) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        while let Some(key) = self.next().await? {
            keys.push(key);
        }
        Ok(keys)
    }

    async fn load(&mut self) -> Result<()> {
        let request = GetVariableKeys {
            prefix: self.prefix.clone(),
            limit: PAGE,
            offset: self.offset,
        };
        let page: VariableKeysResult = self
            .context
            .channel()
            .ask(&request)
            .await
            .map_err(|error| Error::from(error).context("listing the keys of Variables"))?;
        // A page that is not full is the last one.
        let length = i64::try_from(page.keys.len()).unwrap_or(i64::MAX);
        self.done = length < PAGE;
        self.offset = self.offset.saturating_add(length);
        self.page = page.keys.into();
        Ok(())
    }
}
