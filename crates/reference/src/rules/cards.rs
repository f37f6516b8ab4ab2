//! Rules of extensions/server-card.

macro_rules! cards {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
            // extensions/server-card
            /// The catalogue has its media type.
            catalogue_media_type => kills "card.catalog.media-type",
            /// The entry has an identifier.
            entry_identified => kills "card.entry.identifier",
            /// The entry has the type of a card.
            entry_typed => kills "card.entry.type",
            /// The entry has a URL or the card itself.
            entry_by_one_way => kills "card.entry.url-or-data",
            /// The entry leads to the card.
            entry_leads_to_card => kills "card.entry.retrievable",
            /// The card has its media type.
            card_media_type => kills "card.media-type",
            /// The card is of the schema that it names, which is the one of cards.
            card_of_its_schema => kills "card.schema",
            /// The card is of one version.
            card_version_single => kills "card.version-range",
            /// The card lists nothing that the server offers.
            card_without_lists => kills "card.no-primitives",
            /// The card has the name of the server.
            card_name_consistent => kills "card.consistent.name",
            /// The card has the version of the server.
            card_version_consistent => kills "card.consistent.version",
            /// The card names versions of the protocol that are served.
            card_versions_served => kills "card.consistent.protocol",
            /// The card names the transport that is spoken.
            card_transport_true => kills "card.consistent.transport",
            /// The card has the title of the server.
            card_title_consistent => kills "card.consistent.title",
            /// The card is at its own place and not where cards once were.
            card_not_under_well_known => kills "card.place.well-known",
            /// The entry does not lead to the endpoint.
            card_not_at_endpoint => kills "card.place.endpoint",
            /// The card holds no credentials.
            card_without_credentials => kills "card.public.credentials",
            /// The card names no private host.
            card_without_private_hosts => kills "card.public.topology",
            /// Pages of any origin may read the card.
            card_open_to_browsers => kills "card.cors",
            /// Pages may read the tag.
            card_tag_exposed => kills "card.cors.expose",
            /// Pages may ask for the card by its tag.
            card_revalidated_by_browsers => kills "card.cors.preflight",
            /// The card may be cached.
            card_cacheable => kills "card.cache-control",
            /// The card has a tag.
            card_tagged => kills "card.etag",
            /// A card that has not changed is not sent again.
            card_tag_honoured => kills "card.not-modified",
            /// The card is at a URL of https, or on this machine.
            card_over_tls => kills "card.https",
        }
    };
}
