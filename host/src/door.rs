//! What is between the sockets of a listener and its dialect.

use std::sync::Arc;

use linechat_layers::Stacked;
use linechat_layers::tls::{Application, Renewable};
use linechat_layers::web::{Hosts, Page, Scheme as WebScheme, Site, WebSession};
use linechat_protocol::{Dialect, LayerFactory, Listener, irc};

use crate::cli::{Scheme, WebArgs};

/// Gives a listener the layers of its scheme. With TLS there has to be a certificate.
pub(crate) fn furnish(
    listener: &mut Listener,
    scheme: Scheme,
    certificate: Option<&Renewable>,
    web: &WebArgs,
) {
    let certificate = certificate.filter(|_| scheme.has_tls).cloned();
    if scheme.dialect != Dialect::WEB {
        listener.layer = certificate.map(encryption);
        return;
    }
    listener.terms.proxy = web.proxy();
    let longest = irc::MAX_SENT_LINE + ENDING.len();
    let site = Arc::new(match certificate {
        None => site(WebScheme::Http, web, longest),
        Some(_) => site(WebScheme::Https, web, longest),
    });
    listener.layer = Some(match certificate {
        None => {
            LayerFactory::new(move |_, peer| Box::new(WebSession::new(Arc::clone(&site), peer)))
        }
        Some(certificate) => LayerFactory::new(move |_, peer| {
            let outer = certificate.session(Application::Web);
            Box::new(Stacked::new(
                outer,
                WebSession::new(Arc::clone(&site), peer),
            ))
        }),
    });
}

fn encryption(certificate: Renewable) -> LayerFactory {
    LayerFactory::new(move |_, _| Box::new(certificate.session(Application::Lines)))
}

/// The page, and the socket that it talks through.
fn site(scheme: WebScheme, web: &WebArgs, longest: usize) -> Site {
    let mut site = Site::new(scheme);
    site.hosts = Hosts::Own(web.hosts().to_vec());
    site.origins = web.origins().to_vec();
    site.proxies = web.proxy().into_iter().collect();
    let assets = linechat_web::ASSETS.iter();
    let pages = assets.map(|asset| Page::fixed(asset.path, asset.content_type, asset.body));
    site.pages = pages.collect();
    site.max_message = Some(longest);
    site
}

/// What a line may end with.
const ENDING: &str = "\r\n";
