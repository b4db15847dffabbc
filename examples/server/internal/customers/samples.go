package customers

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Samples says how many customers to make up, for trying the screens with a
// table of any size.
type Samples struct {
	Count int `json:"count" validate:"min=1,max=1000000"`
}

// Made is how many customers there are now.
type Made struct {
	Customers int `json:"customers"`
}

// batch is how many rows one transaction makes: others write between two.
const batch = 5000

func (m *Module) makeSamples(ctx context.Context, in Samples) (Made, error) {
	var out Made
	if err := m.host.DB().QueryRow(ctx, `SELECT count(*) FROM `+m.table.Name()).Scan(&out.Customers); err != nil {
		return out, fmt.Errorf("count customers: %w", err)
	}
	insert := `INSERT INTO ` + m.table.Name() + ` (id, name, email, plan, seats, notes, created_at, version) VALUES ($1, $2, $3, $4, $5, '', $6, 1) ON CONFLICT DO NOTHING`
	for last := out.Customers + in.Count; out.Customers < last; {
		end := min(out.Customers+batch, last)
		err := m.host.DB().Update(ctx, func(tx *storage.Tx) error {
			for n := out.Customers; n < end; n++ {
				c := sample(n)
				if _, err := tx.Exec(ctx, insert, c.ID, c.Name, c.Email, c.Plan, c.Seats, c.CreatedAt.UnixMicro()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return out, fmt.Errorf("make samples: %w", err)
		}
		out.Customers = end
	}
	return out, nil
}

var (
	given  = []string{"Ada", "Bo", "Carla", "Dov", "Edith", "Farid", "Grace", "Hugo", "Ines", "Jan", "Katya", "Liam", "Mei", "Noor", "Olaf", "Priya", "Sam"}
	family = []string{"Abara", "Becker", "Castro", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen", "Kaya", "Lopez", "Meyer"}
	plans  = []string{"free", "free", "team", "free", "team", "free", "enterprise"}
	epoch  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
)

// sample is the customer of a number: the same one every time.
func sample(n int) Customer {
	return Customer{
		ID: fmt.Sprintf("sample-%07d", n), Name: given[n%len(given)] + " " + family[n%len(family)], Email: fmt.Sprintf("customer%d@example.com", n),
		Plan: plans[n%len(plans)], Seats: n * 7919 % 500, CreatedAt: epoch.Add(time.Duration(n) * time.Minute),
	}
}
