// Package ui serves the committed build of the web UI below any path prefix.
//
// The build lives in dist, which holds only compressed files: every asset as
// .br and .gz, the page as .gz alone. Nothing in it names a prefix or an
// origin. [Handler.Serve] writes what depends on the request into the page:
//
//   - the theme of the person's cookie, as data-theme on the html element, so
//     that the first paint has the right colors without an inline script;
//   - <meta name="dashboard-config" content="…">, JSON with base (the path of
//     the mount, beginning and ending in a slash), title, theme, locale and minPassword; the build
//     holds {{.Config}} and {{.Title}} in their places;
//   - the mount's path before every asset the page names with "./".
//
// There is no base element: the policy says base-uri 'none', which would make
// a browser refuse it. Scripts learn the base from the meta element.
//
// # Behind a proxy
//
// The Content-Security-Policy allows scripts and styles only below the mount's
// asset paths, because the other paths of a host may hold what people upload.
// A path can only follow a host name in a policy, so the policy needs the host
// that stands in the browser's address bar ([Page.Host]) and nothing else: the
// source is written without a scheme, and then the scheme of the page itself
// counts. A proxy that terminates TLS therefore needs no configuration as long
// as it passes Host on; one that rewrites it must be trusted, or the public
// address configured, or the browser will refuse the scripts.
package ui
