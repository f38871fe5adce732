package main

func init() {}
