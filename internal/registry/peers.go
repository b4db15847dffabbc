package registry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

// A Peer is one instance of the fleet.
type Peer struct {
	ID, Host string
	// Version is that of the dashboard in it; empty for an instance from
	// before it was recorded.
	Version string
	Started time.Time
	// Seen is its last heartbeat, by the database's clock.
	Seen time.Time
	// Live says that it was heard of lately, Current that it is this one.
	Live, Current bool
}

const readPeers = `SELECT id, host, version, started, beat,
	CASE WHEN beat > COALESCE((SELECT beat FROM lifecycle_instances WHERE id = $1), %NOW%) - $2 THEN 1 ELSE 0 END
	FROM lifecycle_instances ORDER BY started, id`

// Peers returns the instances of the fleet, the oldest first. Those that have
// not been heard of for ten minutes are forgotten.
func (r *Registry) Peers(ctx context.Context) ([]Peer, error) {
	me := r.identity().id
	query := strings.Replace(readPeers, "%NOW%", r.db.Dialect().NowMicros(), 1)
	rows, err := r.db.Query(ctx, query, me, (missedBeats * r.opts.Heartbeat).Microseconds())
	if err != nil {
		return nil, fmt.Errorf("read instances: %w", err)
	}
	defer rows.Close()
	peers := []Peer{}
	for rows.Next() {
		var p Peer
		var started, beat, live int64
		if err := rows.Scan(&p.ID, &p.Host, &p.Version, &started, &beat, &live); err != nil {
			return nil, fmt.Errorf("read instances: %w", err)
		}
		p.Started, p.Seen = time.UnixMicro(started).UTC(), time.UnixMicro(beat).UTC()
		p.Live, p.Current = live != 0, p.ID == me
		peers = append(peers, p)
	}
	return peers, rows.Err()
}

const countLive = `SELECT COUNT(*) FROM lifecycle_instances
	WHERE beat > COALESCE((SELECT beat FROM lifecycle_instances WHERE id = $1), %NOW%) - $2`

// tellLive tells [Options].OnLive how many instances are live. While the database
// does not say, they are as many as before.
func (r *Registry) tellLive(ctx context.Context, me identity) error {
	if r.opts.OnLive == nil {
		return nil
	}
	var live int64
	query := strings.Replace(countLive, "%NOW%", r.db.Dialect().NowMicros(), 1)
	if err := r.db.QueryRow(ctx, query, me.id, (missedBeats * r.opts.Heartbeat).Microseconds()).Scan(&live); err != nil {
		return fmt.Errorf("count instances: %w", err)
	}
	if live != r.live {
		r.live = live
		r.opts.OnLive(int(live))
	}
	return nil
}

// Instance returns the id of this instance.
func (r *Registry) Instance() string { return r.identity().id }

// Count returns how many modules of this instance are in each state, without
// I/O.
func (r *Registry) Count() map[lifecycle.State]int {
	count := map[lifecycle.State]int{}
	for _, m := range r.members {
		count[*m.reported.Load()]++
	}
	return count
}
