package main

func page(settings) ([]result, error) { return nil, nil }
