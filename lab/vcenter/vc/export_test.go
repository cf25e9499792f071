package vc

// Post lets tests outside the package post what only the simulation posts.
var Post = (*Sim).post
