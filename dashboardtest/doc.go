// Package dashboardtest helps the authors of modules to test them: a dashboard
// on a database in memory ([New]), signed-in clients for it ([Server.Owner],
// [Server.As]), a [dashboard.Host] for code that needs nothing more ([Host]),
// and [Run], the conformance test that every module should pass.
//
//	func TestModule(t *testing.T) {
//		dashboardtest.Run(t, func() dashboard.Module { return notes.New() })
//	}
package dashboardtest
