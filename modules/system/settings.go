package system

import "time"

// Settings are what a person can change while the module runs. A change is
// applied in place: no sample is lost that still fits.
type Settings struct {
	Interval     time.Duration `json:"interval" validate:"min=1s,max=60s" title:"Interval" doc:"How often the machine is measured: 1s to 1m."`
	Window       time.Duration `json:"window" validate:"min=1m,max=24h" title:"History" doc:"How far back the charts reach: 1m to 24h. It is kept in memory."`
	Keep         time.Duration `json:"keep" validate:"min=24h,max=17520h" title:"Long history" doc:"How far back the charts over days and weeks reach: 24h to 17520h (two years). It is kept in the database."`
	TopProcesses int           `json:"top_processes" validate:"min=1,max=50" title:"Busiest processes" doc:"How many processes are listed."`
}

// Defaults are the settings of a module that nobody has changed: every 2 s, over
// 10 minutes, and for 90 days in the database; ten processes.
func Defaults() Settings {
	return Settings{Interval: 2 * time.Second, Window: 10 * time.Minute, Keep: 90 * 24 * time.Hour, TopProcesses: 10}
}
