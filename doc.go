// Package dashboard turns an existing Go server into a team's internal
// dashboard and back-office. A host mounts one [http.Handler]; every feature is
// a [Module] written in Go, which can be installed, enabled, disabled, upgraded
// and removed at run time, on every instance that shares the database, without a
// restart. Login, sessions, roles, an audit log, OpenAPI and a web UI come with it.
//
// # A dashboard in a dozen lines
//
//	store, err := sqlite.Open("dashboard.db")
//	if err != nil {
//		log.Fatal(err)
//	}
//	d, err := dashboard.New(store, dashboard.WithModules(system.New()))
//	if err != nil {
//		log.Fatal(err)
//	}
//	log.Fatal(http.ListenAndServe("localhost:8080", d))
//
// The first request starts it (or [Dashboard.Start] does), and a link to create
// the first account is printed to standard error.
//
// # A module
//
// [Func] makes a module of a manifest and a function that declares what it
// serves. Endpoints are typed: the input takes its fields from the path, the
// query, headers and a JSON body, and is validated; the output is encoded as
// JSON; both appear in the API's documentation.
//
//	var Read = dashboard.NewPermission("greeting.read", "Read greetings")
//
//	type In struct {
//		Name string `path:"name" validate:"max=40"`
//	}
//	type Out struct {
//		Text string `json:"text"`
//	}
//
//	hello := dashboard.Func(dashboard.Manifest{
//		ID: "hello", Version: "1.0.0", Title: "Hello",
//		Permissions: []dashboard.Permission{Read},
//	}, func(r *dashboard.Router) error {
//		dashboard.Get(r, "/greetings/{name}", func(ctx context.Context, in In) (Out, error) {
//			return Out{Text: "Hello, " + in.Name}, nil
//		}, dashboard.Require(Read))
//		return nil
//	})
//
// It answers at /api/v1/m/hello/greetings/{name}. An endpoint that names
// neither a permission ([Require]), nor [Authenticated], nor [Public] is a
// registration error: the dashboard is closed by default.
//
// A module that needs more implements [Module] itself and any of the capability
// interfaces beside it: tables ([Migrator]), background work ([Enabler]),
// periodic jobs ([JobRunner]), settings with a form ([Configurable]), health
// ([HealthChecker]), its own pages ([Assets]). [Resource] makes list, forms and
// API of a Go type, with [SQLTable] for one that is a table. Panels ([Stat], [Timeseries], [Table], [Bar], [Markdown], [Form])
// are functions that return data; the UI draws them.
//
// A guide leads from an empty folder to such a module, its tests, its next
// version and its place behind a proxy:
// https://github.com/modular-dashboard/dashboard/blob/main/docs/guide.md
//
// # What holds always
//
// A module that panics or hangs takes down neither the host nor another module. What
// an endpoint may take is limited ([Timeout]). Errors that are not an [*Error] are answered 500 without their text. Bodies,
// answers and streams are bounded. Times are UTC, lists are never null.
package dashboard
