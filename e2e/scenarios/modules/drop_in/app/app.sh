#!/bin/sh
echo drop-in
