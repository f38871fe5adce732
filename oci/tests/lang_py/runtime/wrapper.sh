#!/bin/false
