package redisserver

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// A Cluster is several servers that share the slots.
type Cluster struct{ Nodes []*Server }

// StartCluster runs a cluster of n nodes, 3 or more, without replicas, and waits
// until every node knows that all slots are served.
func StartCluster(ctx context.Context, n int) (*Cluster, error) {
	c := &Cluster{}
	for i := range n {
		node, err := Start(ctx, "--cluster-enabled", "yes", "--cluster-config-file", fmt.Sprint("nodes-", i, ".conf"), "--cluster-node-timeout", "5000",
			"--cluster-require-full-coverage", "no")
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.Nodes = append(c.Nodes, node)
	}
	args := append([]string{"--cluster", "create"}, c.Addrs()...)
	create := exec.CommandContext(ctx, "redis-cli", append(args, "--cluster-replicas", "0", "--cluster-yes")...) //nolint:gosec // G204: addresses of our own
	out, err := create.CombinedOutput()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create cluster: %w\n%s", err, out), c.Close())
	}
	for deadline := time.Now().Add(patient); !c.ready(ctx); {
		if time.Now().After(deadline) {
			return nil, errors.Join(errors.New("create cluster: not all slots are served"), c.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), c.Close())
		case <-time.After(look):
		}
	}
	return c, nil
}

func (c *Cluster) ready(ctx context.Context) bool {
	for _, node := range c.Nodes {
		answer, err := node.Do(ctx, "CLUSTER", "INFO")
		if err != nil || !strings.Contains(answer, "cluster_state:ok") || !strings.Contains(answer, fmt.Sprint("cluster_known_nodes:", len(c.Nodes))) {
			return false
		}
	}
	return true
}

// Addrs are those of the nodes.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, node := range c.Nodes {
		addrs = append(addrs, node.Addr)
	}
	return addrs
}

// Close ends all nodes.
func (c *Cluster) Close() error {
	var errs []error
	for _, node := range c.Nodes {
		errs = append(errs, node.Close())
	}
	return errors.Join(errs...)
}
