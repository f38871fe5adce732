package main_test

import "testing"

func TestIt(*testing.T) {}
