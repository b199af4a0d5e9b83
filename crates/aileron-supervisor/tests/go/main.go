// A task in Go that speaks the coordinator protocol by hand: another language, and another MessagePack library.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

type task struct {
	comm net.Conn
	logs net.Conn
	next int
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func connect(flag string) net.Conn {
	for _, argument := range os.Args[1:] {
		if address, found := strings.CutPrefix(argument, flag); found {
			return must(net.Dial("tcp", address))
		}
	}
	panic(flag + " is missing")
}

// read returns the body of the next frame.
func (t *task) read() map[string]any {
	var length uint32
	if err := binary.Read(t.comm, binary.BigEndian, &length); err != nil {
		panic(err)
	}
	payload := make([]byte, length)
	must(io.ReadFull(t.comm, payload))
	var frame []any
	if err := msgpack.Unmarshal(payload, &frame); err != nil {
		panic(err)
	}
	if frame[2] != nil {
		panic(frame[2])
	}
	body, _ := frame[1].(map[string]any)
	return body
}

func (t *task) ask(body map[string]any) map[string]any {
	t.next++
	payload := must(msgpack.Marshal([]any{t.next, body}))
	frame := new(bytes.Buffer)
	must(0, binary.Write(frame, binary.BigEndian, uint32(len(payload))))
	frame.Write(payload)
	must(t.comm.Write(frame.Bytes()))
	return t.read()
}

func (t *task) log(event string, fields map[string]any) {
	fields["event"], fields["level"], fields["logger"] = event, "info", "by.hand"
	fields["timestamp"] = time.Now().Format(time.RFC3339Nano)
	must(t.logs.Write(append(must(json.Marshal(fields)), '\n')))
}

func main() {
	t := &task{comm: connect("--comm="), logs: connect("--logs=")}
	startup := t.read()
	ti := startup["ti"].(map[string]any)
	country := t.ask(map[string]any{"type": "GetVariable", "key": "country"})["value"]
	t.log("hello from Go", map[string]any{"task_id": ti["task_id"], "country": country})
	t.ask(map[string]any{
		"type": "SetXCom", "key": "return_value", "value": map[string]any{"country": country, "small": int8(-3), "big": uint64(1) << 63},
		"dag_id": ti["dag_id"], "run_id": ti["run_id"], "task_id": ti["task_id"], "map_index": ti["map_index"],
	})
	t.ask(map[string]any{"type": "SucceedTask", "state": "success", "end_date": time.Now()})
}
