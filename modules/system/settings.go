package system

import "time"

// Settings are what a person can change while the module runs. A change is
// applied in place: no sample is lost that still fits.
type Settings struct {
	Interval     time.Duration `json:"interval" validate:"min=1s,max=60s" title:"Interval" doc:"How often the machine is measured: 1s to 1m."`
	Window       time.Duration `json:"window" validate:"min=1m,max=24h" title:"History" doc:"How far back the charts reach: 1m to 24h. It is kept in memory."`
	TopProcesses int           `json:"top_processes" validate:"min=1,max=50" title:"Busiest processes" doc:"How many processes are listed."`
}

// Defaults are the settings of a module that nobody has changed: every 2 s, over
// 10 minutes, ten processes.
func Defaults() Settings {
	return Settings{Interval: 2 * time.Second, Window: 10 * time.Minute, TopProcesses: 10}
}
