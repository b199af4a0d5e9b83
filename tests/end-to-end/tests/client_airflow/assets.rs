//! Assets.

use aileron_execution_api::{
    AssetEventsQuery, AssetEventsSource, AssetRef, ErrorKind, ExecutionApi as _,
};

use crate::run::{kind, on_every_version};

#[test]
fn assets_are_found_by_each_of_their_names() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        for asset in [
            AssetRef::Name("orders".to_owned()),
            AssetRef::Uri("file:///orders".to_owned()),
        ] {
            assert_eq!(client.asset(&asset).await.unwrap().name, "orders");
        }
        let error = client
            .asset(&AssetRef::Uri("x://none?a=b&c".to_owned()))
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert_eq!(client.assets_by_alias("any").await.unwrap(), []);
        let events = AssetEventsQuery::new(AssetEventsSource::Alias("any".to_owned()));
        assert_eq!(client.asset_events(events).await.unwrap(), []);
        let nothing = AssetEventsSource::Asset {
            name: None,
            uri: None,
        };
        assert_eq!(
            kind(client.asset_events(AssetEventsQuery::new(nothing)).await),
            ErrorKind::BadRequest
        );
    });
}
