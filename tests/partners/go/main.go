// Asks the code of docs/guide/verifying-assertions.md about assertions, one a line: the subject of each, or why not.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	verify, err := newVerifier()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if claims, err := verify(lines.Text()); err != nil {
			line, _, _ := strings.Cut(err.Error(), "\n")
			fmt.Println("refused", line)
		} else {
			fmt.Println("taken", claims["sub"])
		}
	}
}
