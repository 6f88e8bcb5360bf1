package boot

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
)

// redisOptions reads REDIS_URL: redis://, rediss://, redis-socket://,
// redis-sentinel://h1,h2/?master=name, or redis-cluster://h1,h2.
func redisOptions(address string) (asynq.RedisConnOpt, error) {
	if hosts, ok := strings.CutPrefix(address, "redis-cluster://"); ok {
		u, err := url.Parse("redis-cluster://" + hosts)
		if err != nil || u.Host == "" {
			return nil, errors.New("must be redis-cluster://host:port,host:port")
		}
		password, _ := u.User.Password()
		return asynq.RedisClusterClientOpt{Addrs: strings.Split(u.Host, ","), Username: u.User.Username(), Password: password}, nil
	}
	opt, err := asynq.ParseRedisURI(address)
	if err != nil {
		return nil, errors.New("must be redis://host:port, rediss://, redis-socket://, redis-sentinel:// or redis-cluster://")
	}
	return opt, nil
}

// embeddedRedis runs a Redis inside this process until ctx ends. It keeps no
// time of its own, so a ticker moves it, or locks would never expire. What it
// forgets when the process ends, the queue's table still knows.
func embeddedRedis(ctx context.Context) (asynq.RedisConnOpt, error) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		return nil, err
	}
	go func() {
		const step = 100 * time.Millisecond
		tick := time.NewTicker(step)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				server.Close()
				return
			case <-tick.C:
				server.FastForward(step)
			}
		}
	}()
	return asynq.RedisClientOpt{Addr: server.Addr()}, nil
}
