//! Events of the inlets: what happened to the data a task reads.

use aileron_wire::message::{
    AssetEventResponse, AssetEventsResult, GetAssetEventByAsset, GetAssetEventByAssetAlias,
};
use jiff::Timestamp;

use super::AssetError;
use super::declared::follow;
use crate::{Asset, AssetAlias, AssetRef, Context};

/// The events of this task's inlets. See [`Context::inlet_events`].
#[derive(Debug, Clone, Copy)]
pub struct InletEvents<'a> {
    context: &'a Context,
}

/// Which events of an inlet are wanted. Nothing is asked before [`InletEventsQuery::fetch`].
///
/// ```
/// # use aileron::prelude::*;
/// # use aileron::Asset;
/// # const ORDERS: Asset = Asset::new("orders", "s3://shop/orders");
/// #[task(inlets = [ORDERS])]
/// async fn rows_of_the_day(cx: &Context) -> Result<i64> {
///     let mut query = cx.inlet_events().of(&ORDERS)?;
///     if let Some(interval) = cx.data_interval() {
///         query = query.after(interval.start).before(interval.end);
///     }
///     let events = query.limit(100).fetch().await?;
///     Ok(events
///         .iter()
///         .filter_map(|event| event.extra.as_ref()?.get("rows")?.as_i64())
///         .sum())
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a query asks nothing before `.fetch().await`"]
pub struct InletEventsQuery<'a> {
    context: &'a Context,
    source: Source,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    limit: Option<u32>,
    ascending: bool,
}

#[derive(Debug, Clone)]
enum Source {
    /// What was asked for, and the inlet that it is.
    Asset {
        asked: AssetRef,
        declared: AssetRef,
    },
    Alias(AssetAlias),
}

impl<'a> InletEvents<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The events of an asset among the inlets, by the asset, its name or its URI.
    ///
    /// # Errors
    /// When it is not among them; the message lists what is.
    pub fn of(&self, asset: impl Into<AssetRef>) -> Result<InletEventsQuery<'a>, AssetError> {
        let asked = asset.into();
        let declared = self.context.inner.assets.inlet(&asked)?.clone();
        Ok(self.query(Source::Asset { asked, declared }))
    }

    /// The events that came through an alias among the inlets.
    ///
    /// # Errors
    /// When it is not among them; the message lists what is.
    pub fn of_alias(&self, alias: &AssetAlias) -> Result<InletEventsQuery<'a>, AssetError> {
        self.context.inner.assets.check_alias_inlet(alias)?;
        Ok(self.query(Source::Alias(alias.clone())))
    }

    fn query(&self, source: Source) -> InletEventsQuery<'a> {
        InletEventsQuery {
            context: self.context,
            source,
            after: None,
            before: None,
            limit: None,
            ascending: true,
        }
    }
}

impl InletEventsQuery<'_> {
    /// Only events at this instant or later.
    pub fn after(mut self, instant: Timestamp) -> Self {
        self.after = Some(instant);
        self
    }

    /// Only events at this instant or earlier.
    pub fn before(mut self, instant: Timestamp) -> Self {
        self.before = Some(instant);
        self
    }

    /// This many at most.
    pub fn limit(mut self, events: u32) -> Self {
        self.limit = Some(events);
        self
    }

    /// Oldest first, which is the default.
    pub fn ascending(mut self) -> Self {
        self.ascending = true;
        self
    }

    /// Latest first.
    pub fn descending(mut self) -> Self {
        self.ascending = false;
        self
    }

    /// The events.
    ///
    /// # Errors
    /// When the inlet is a reference that leads to another asset than the one asked for, or the supervisor cannot answer.
    pub async fn fetch(self) -> Result<Vec<AssetEventResponse>, AssetError> {
        // Airflow takes a limit of zero for none.
        if self.limit == Some(0) {
            return Ok(Vec::new());
        }
        let channel = self.context.channel();
        let limit = self.limit.map(i64::from);
        let answer: AssetEventsResult = match &self.source {
            Source::Alias(alias) => {
                let mut request = GetAssetEventByAssetAlias::new(alias.name());
                request.after = self.after;
                request.before = self.before;
                request.limit = limit;
                request.ascending = self.ascending;
                channel.ask(&request).await?
            }
            Source::Asset { asked, declared } => {
                self.check(asked, declared).await?;
                let (name, uri) = match asked {
                    AssetRef::Asset(asset) => (Some(asset.name()), Some(asset.uri())),
                    AssetRef::Name(name) => (Some(&**name), None),
                    AssetRef::Uri(uri) => (None, Some(&**uri)),
                };
                let mut request =
                    GetAssetEventByAsset::new(name.map(str::to_owned), uri.map(str::to_owned));
                request.after = self.after;
                request.before = self.before;
                request.limit = limit;
                request.ascending = self.ascending;
                channel.ask(&request).await?
            }
        };
        Ok(answer.asset_events)
    }

    /// The latest event, or `None` when there is none.
    ///
    /// # Errors
    /// Those of [`InletEventsQuery::fetch`].
    pub async fn latest(self) -> Result<Option<AssetEventResponse>, AssetError> {
        let mut events = self.descending().limit(1).fetch().await?;
        Ok(events.pop())
    }

    /// An inlet that is a reference may lead to an asset of the same name and another URI.
    async fn check(&self, asked: &AssetRef, declared: &AssetRef) -> Result<(), AssetError> {
        let (AssetRef::Asset(asset), AssetRef::Name(_) | AssetRef::Uri(_)) = (asked, declared)
        else {
            return Ok(());
        };
        let (found, _): (Asset, _) = follow(self.context.channel(), declared).await?;
        if found == *asset {
            return Ok(());
        }
        Err(AssetError::OtherAsset {
            asset: asset.to_string(),
            declared: declared.to_string(),
            found: found.to_string(),
        })
    }
}
