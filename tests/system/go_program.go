// A Go program, which has no C library: an HTTP server, and a client of another one.
//
//	go_program serve ADDRESS FOLDER   serves the files of FOLDER, and takes what is PUT
//	go_program get COUNT URL          COUNT times, 8 at once, each over a connection of its own;
//	                                  prints the SHA-256 of what came, once if it was always the same
//	go_program connect ADDRESS        prints the error, as Go has it
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

func serve(address, folder string) error {
	files := http.FileServer(http.Dir(folder))
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			files.ServeHTTP(w, r)
			return
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r.Body); err == nil {
			fmt.Fprintf(w, "%x %s", sum.Sum(nil), r.RemoteAddr)
		}
	}))
}

func getOnce(url string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, answer.Body); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

func get(count int, url string) error {
	var wait sync.WaitGroup
	var lock sync.Mutex
	seen := map[string]bool{}
	for worker := 0; worker < 8; worker++ {
		wait.Add(1)
		go func(share int) {
			defer wait.Done()
			for ; share > 0; share-- {
				sum, err := getOnce(url)
				if err != nil {
					sum = err.Error()
				}
				lock.Lock()
				seen[sum] = true
				lock.Unlock()
			}
		}((count + worker) / 8)
	}
	wait.Wait()
	for sum := range seen {
		fmt.Println(sum)
	}
	return nil
}

func connect(address string) error {
	connection, err := net.DialTimeout("tcp", address, 2*time.Second)
	if err == nil {
		err = connection.Close()
	}
	return err
}

func main() {
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(os.Args[2], os.Args[3])
	case "get":
		count, _ := strconv.Atoi(os.Args[2])
		err = get(count, os.Args[3])
	case "connect":
		err = connect(os.Args[2])
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
