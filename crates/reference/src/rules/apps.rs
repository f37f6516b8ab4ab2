//! Rules of extensions/apps.

macro_rules! apps {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
            // extensions/apps
            /// Interfaces have URIs of the scheme `ui`.
            ui_uri_scheme => kills "apps.uri-scheme",
            /// Listed interfaces have their media type.
            ui_resource_listed_type => kills "apps.mime-listing",
            /// The contents of an interface name it.
            ui_content_uri => kills "apps.content-uri",
            /// The contents of an interface have their media type.
            ui_content_type => kills "apps.content-mime",
            /// An interface has contents.
            ui_content_given => kills "apps.content-text-or-blob",
            /// An interface is a document of HTML.
            ui_content_is_html => kills "apps.content-html5",
            /// The interface of a tool is there.
            ui_resource_exists => kills "apps.resource-exists",
            /// Interfaces are for clients that show them.
            ui_only_if_declared => kills "apps.check-capability",
            /// Who shows no interface is answered in words.
            ui_tools_have_text => kills "apps.text-fallback",
            /// Who shows an interface is answered as well.
            ui_tools_have_content => kills "apps.content-array",
            /// Who may call a tool is a list.
            ui_tool_meta => kills "apps.tool-meta",
            /// What an interface asks of a host is in its form.
            ui_resource_meta => kills "apps.resource-meta",
            /// The interface of a tool is named by the current key.
            ui_key_nested => kills "apps.flat-key",
        }
    };
}
