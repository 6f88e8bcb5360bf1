package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that was started. It may be killed, stopped and continued.
type process struct {
	t     *testing.T
	name  string
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

func startProcess(t *testing.T, name, log string, env []string, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, log: log, ended: make(chan struct{})}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p.cmd = exec.Command(program, args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that dies takes its processes with it
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) signal(s syscall.Signal) { p.cmd.Process.Signal(s) }

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// terminate asks the process to end, as a deploy does, and tells how long it took
// and its exit status.
func (p *process) terminate() (time.Duration, int) {
	began := time.Now()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(40 * time.Second):
		p.t.Errorf("%s did not end within 40 s of SIGTERM", p.name)
		p.kill()
	}
	return time.Since(began), p.cmd.ProcessState.ExitCode()
}

func (p *process) dead() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// diesWithin waits for the process to end by itself.
func (p *process) diesWithin(d time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(d):
		return false
	}
}

func (p *process) tail(n int) string {
	raw, _ := os.ReadFile(p.log)
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}

// ready waits until the address answers 200.
func (p *process) ready(address string) {
	p.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if p.dead() {
			p.t.Fatalf("%s ended: %s", p.name, p.tail(5))
		}
		if resp, err := http.Get(address); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s is not ready after 60 s: %s", p.name, p.tail(5))
		}
	}
}

// freeAddr is a loopback address that nobody listens on. Addresses are given out
// once, so that campaigns side by side do not take each other's, and lie below those
// that the system gives to outgoing connections.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(12_000+rand.IntN(20_000)))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		l.Close()
		if _, taken := givenOut.LoadOrStore(addr, true); !taken {
			return addr
		}
	}
	t.Fatal("no free port between 12000 and 32000")
	return ""
}

var givenOut sync.Map

// redisServer is a Redis of the campaign's own, which it may empty and stop.
type redisServer struct {
	t    *testing.T
	addr string
	args []string
	p    *process
}

func newRedis(t *testing.T, dir string, args ...string) *redisServer {
	t.Helper()
	r := &redisServer{t: t, addr: freeAddr(t), args: args}
	r.start(dir)
	return r
}

func (r *redisServer) start(dir string) {
	r.t.Helper()
	_, port, _ := net.SplitHostPort(r.addr)
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir}, r.args...)
	r.p = startProcess(r.t, "redis", filepath.Join(dir, "redis.log"), os.Environ(), "redis-server", args...)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if answer, err := r.command("PING"); err == nil && strings.HasPrefix(answer, "+PONG") {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("redis does not answer: %s", r.p.tail(5))
		}
	}
}

// command sends one command without its library, which the program under test uses.
func (r *redisServer) command(words ...string) (string, error) {
	conn, err := net.DialTimeout("tcp", r.addr, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := fmt.Fprintf(conn, "%s\r\n", strings.Join(words, " ")); err != nil {
		return "", err
	}
	answer := make([]byte, 256)
	n, err := conn.Read(answer)
	if err == nil && bytes.HasPrefix(answer[:n], []byte("-")) {
		err = errors.New(string(answer[:n]))
	}
	return string(answer[:n]), err
}
