package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	live "github.com/virgadb/virga/watch"
)

// A chat is a collection of messages in a new database.
type chat struct {
	db   *virga.DB
	coll *virga.Collection
}

// places are where a chat can be kept.
var places = []struct {
	name   string
	disk   bool
	option virga.Option
}{
	{"memory", false, virga.Fast},
	{"fast", true, virga.Fast},
	{"sync", true, virga.Sync},
}

func openChat(b *testing.B, disk bool, option virga.Option) chat {
	b.Helper()
	path := virga.Memory
	if disk {
		path = filepath.Join(b.TempDir(), "chat")
	}
	db, err := virga.Open(path, option)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return chat{db, db.Collection("messages")}
}

// say adds message i to a room.
func (c chat) say(room string, i int) error {
	_, err := c.coll.Add(background, message(room, i))
	return err
}

func message(room string, i int) virga.D {
	return virga.D{
		{Key: "roomId", Value: room},
		{Key: "from", Value: fmt.Sprint("user", i%7)},
		{Key: "at", Value: time.UnixMilli(1_700_000_000_000 + int64(i)*1000)},
		{Key: "text", Value: "Is anybody else on the way to the station? I can take two with me."},
	}
}

// room is the live query of a room.
func (c chat) room(name string) *virga.Query {
	return c.coll.Where(virga.M{"roomId": name}).OrderBy("at", virga.Desc).Limit(20)
}

// listen opens n streams, each on a room of its own or all on one.
func (c chat) listen(b *testing.B, n int, room func(i int) string, o live.Options) []*live.Stream {
	b.Helper()
	streams := make([]*live.Stream, n)
	for i := range streams {
		var err error
		if streams[i], err = c.room(room(i)).Watch(background, o); err != nil {
			b.Fatal(err)
		}
	}
	return streams
}

// BenchmarkWriteBesideWatch adds messages to one room while streams are open on
// others. The floor is the same in a database without streams; what the streams
// cost the garbage collector it pays as well, "streams=0" does not.
func BenchmarkWriteBesideWatch(b *testing.B) {
	for _, p := range places {
		for _, n := range []int{0, 1000, 10_000} {
			b.Run(fmt.Sprintf("%s/streams=%d", p.name, n), func(b *testing.B) {
				ours, without := openChat(b, p.disk, p.option), openChat(b, p.disk, p.option)
				c, cancel := context.WithCancel(background)
				defer cancel()
				streams := ours.listen(b, n, func(i int) string { return fmt.Sprint("other", i) }, live.Options{})
				for _, s := range streams {
					if _, err := s.Next(c); err != nil {
						b.Fatal(err)
					}
				}
				contest(b, 50,
					each(func(i int) error { return ours.say("here", i) }),
					floor{"floor", each(func(i int) error { return without.say("here", i) })})
				if err := ours.db.Settle(background); err != nil { // nothing has come to them
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkWatchDelivery adds a message to a room and waits until a reader, who is
// waiting in Next, has it: "p50-ns" and "p99-ns" from the call of Add to the return of
// Next. "write-ns" is the median of Add itself.
func BenchmarkWatchDelivery(b *testing.B) {
	for _, p := range places {
		b.Run(p.name, func(b *testing.B) {
			c := openChat(b, p.disk, p.option)
			stream := c.listen(b, 1, func(int) string { return "here" }, live.Options{})[0]
			arrived := make(chan time.Time)
			go func() {
				defer close(arrived)
				for _, err := range stream.All(background) {
					if err != nil {
						return
					}
					arrived <- time.Now()
				}
			}()
			<-arrived
			var whole, writes []time.Duration
			b.ResetTimer()
			for i := range b.N {
				began := time.Now()
				if err := c.say("here", i); err != nil {
					b.Fatal(err)
				}
				writes = append(writes, time.Since(began))
				whole = append(whole, (<-arrived).Sub(began))
			}
			b.StopTimer()
			stream.Close()
			<-arrived
			b.ReportMetric(float64(at(whole, 50)), "p50-ns")
			b.ReportMetric(float64(at(whole, 99)), "p99-ns")
			b.ReportMetric(float64(at(writes, 50)), "write-ns")
		})
	}
}

// at returns a percentile.
func at(all []time.Duration, percent int) time.Duration {
	slices.Sort(all)
	return all[(len(all)-1)*percent/100]
}

// BenchmarkWatchFanout adds a message to a room with that many streams, each read by
// a goroutine: "ns/op" until all have it, "write-ns" of Add itself.
func BenchmarkWatchFanout(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("streams=%d", n), func(b *testing.B) {
			c := openChat(b, false, virga.Fast)
			var all sync.WaitGroup
			all.Add(n)
			c.listen(b, n, func(int) string { return "here" }, live.Options{OnChange: func(live.Snapshot) { all.Done() }})
			all.Wait()
			var writes []time.Duration
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				all.Add(n)
				began := time.Now()
				if err := c.say("here", i); err != nil {
					b.Fatal(err)
				}
				writes = append(writes, time.Since(began))
				all.Wait()
			}
			b.StopTimer()
			b.ReportMetric(float64(at(writes, 50)), "write-ns")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/stream")
		})
	}
}

// BenchmarkWatchOrPoll lets a client show the newest 20 messages of a room in which
// somebody says something every 5 seconds, for 10 minutes: how many bytes of JSON a
// stream delivers (the first list, then documents that come and ids that go), and how
// many a client that asks every second, for the list ("poll-B") or for what is newer
// than what it has ("since-B").
func BenchmarkWatchOrPoll(b *testing.B) {
	for range b.N {
		c := openChat(b, false, virga.Fast)
		for i := range 20 {
			if err := c.say("here", i); err != nil {
				b.Fatal(err)
			}
		}
		stream := c.listen(b, 1, func(int) string { return "here" }, live.Options{})[0]
		snap, err := stream.Next(background)
		if err != nil {
			b.Fatal(err)
		}
		watched := delivered(snap.Changes)
		polled, since, newest := 0, watched, snap.Docs[0]
		for second := range 600 {
			if second%5 == 0 {
				err = c.say("here", 20+second)
				if err == nil {
					snap, err = stream.Next(background)
				}
				watched += delivered(snap.Changes)
			}
			list, err1 := c.room("here").Get(background)
			news, err2 := c.coll.Where(virga.M{"roomId": "here", "at": virga.M{"$gt": newest.Lookup("at")}}).OrderBy("at", virga.Desc).Get(background)
			if err := errors.Join(err, err1, err2); err != nil {
				b.Fatal(err)
			}
			if !slices.EqualFunc(list, snap.Docs, func(a, b virga.Doc) bool { return string(a.Raw()) == string(b.Raw()) }) {
				b.Fatalf("second %d: the stream shows %v, the query finds %v", second, snap.Docs, list)
			}
			if len(news) > 0 {
				newest = news[0]
			}
			polled += jsonSize(list)
			since += jsonSize(news)
		}
		stream.Close()
		b.ReportMetric(float64(watched), "watch-B")
		b.ReportMetric(float64(polled), "poll-B")
		b.ReportMetric(float64(since), "since-B")
		b.ReportMetric(100*(1-float64(watched)/float64(polled)), "saved-%")
	}
}

// delivered returns the bytes in which changes go over a wire.
func delivered(changes []live.Change) int {
	n := len("[]")
	for _, c := range changes {
		n += len(fmt.Sprintf(`{"queueType":"%s","dataType":"%s","docId":%s},`, c.QueueType, c.DataType, c.DocID))
		if c.QueueType == live.QueueInit || c.QueueType == live.QueueEnqueue {
			n += len(`"doc":,`) + len(document.AppendJSON(nil, c.Doc.Value()))
		}
	}
	return n
}

func jsonSize(docs []virga.Doc) int {
	n := len("[]")
	for _, d := range docs {
		n += len(document.AppendJSON(nil, d.Value())) + len(",")
	}
	return n
}
