package main

import "testing"

func TestIt(*testing.T) {}
