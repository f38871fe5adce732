module example.com/apps/rooted // the program at the root is called so

go 1.24
