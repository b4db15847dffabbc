package registry_test

const roleVariable = "REGISTRY_TEST_ROLE"

func childMain(role string) int { return 0 }
